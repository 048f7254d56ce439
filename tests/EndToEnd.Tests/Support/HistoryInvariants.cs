using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>5: durable history grows with pages, not with chunks or items.</summary>
internal static class HistoryInvariants
{
    private const int EventsPerJob = 40;
    private const int EventsPerPage = 40;

    public static void Check(LocalApp app, Job job)
    {
        var events = app.Services.GetRequiredService<OrchestrationEngine>().GetHistory(job.Id).Count;
        Assert.InRange(events, 1, EventsPerJob + (EventsPerPage * job.Pages.Total));
    }
}
