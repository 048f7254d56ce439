using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>5: durable history grows with pages, not with chunks or items.</summary>
internal static class HistoryInvariants
{
    private const int EventsPerJob = 40;
    private const int EventsPerPage = 40;
    private const int EventsPerExecution = 5000;

    /// <summary>Checks all that the app's jobs have ever written: those of pages and of executions that were continued as new, too.</summary>
    public static async Task CheckAsync(LocalApp app)
    {
        var engine = app.Services.GetRequiredService<OrchestrationEngine>();
        var jobs = await app.Jobs.ListAsync();

        Assert.All(jobs, job => Assert.InRange(engine.GetHistory(job.Id).Count, 1, EventsPerExecution));
        Assert.InRange(engine.HistoryEventsAppended, 1, jobs.Sum(job => EventsPerJob + (EventsPerPage * (long)job.Pages.Total)));
    }
}
