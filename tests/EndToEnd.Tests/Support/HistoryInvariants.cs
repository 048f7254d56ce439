using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>5: durable history grows with pages, not with chunks or items.</summary>
internal static class HistoryInvariants
{
    private const int EventsPerJob = 40;
    private const int EventsPerPage = 40;
    private const int EventsPerFault = 20;
    private const int EventsPerExecution = 5000;

    /// <summary>Checks all that the app's jobs have ever written: those of pages and of executions that were continued as new, too.</summary>
    /// <param name="app">The app.</param>
    /// <param name="faults">How many faults struck: each may have made an activity try again.</param>
    public static async Task CheckAsync(LocalApp app, int faults = 0)
    {
        var engine = app.Services.GetRequiredService<OrchestrationEngine>();
        var jobs = await app.Jobs.ListAsync();

        Assert.All(jobs, job => Assert.InRange(engine.GetHistory(job.Id).Count, 1, EventsPerExecution));
        Assert.InRange(engine.HistoryEventsAppended, 1, (EventsPerFault * faults) + jobs.Sum(job => EventsPerJob + (EventsPerPage * (long)job.Pages.Total)));
    }
}
