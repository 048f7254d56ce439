using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Recover;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>The page orchestrator's input.</summary>
/// <param name="Order">What to collect.</param>
/// <param name="Sent">How it was dispatched.</param>
/// <param name="MaxIdle">How long the page may stand still before what has not answered fails.</param>
/// <param name="StallAfter">How long it may stand still before it is looked into.</param>
internal sealed record PageRun(CollectOrder Order, DispatchOrder Sent, TimeSpan MaxIdle, TimeSpan StallAfter)
{
    /// <summary>Since when it stands still; null at its start.</summary>
    public DateTime? IdleSince { get; init; }

    /// <summary>When it was last looked into.</summary>
    public DateTime? LookedAt { get; init; }

    /// <summary>Items that had answered then.</summary>
    public long Answered { get; init; }

    /// <summary>How often lost items were sent again.</summary>
    public int Resent { get; init; }
}

/// <summary>
/// Collects one page: calls CollectPage, slice after slice, until every item has answered or the job goes on without it. A page that
/// stands still is looked into, and what is lost is sent again.
/// </summary>
internal static class PageOrchestrator
{
    /// <summary>Code of items that were lost, time and again.</summary>
    public const string NoAnswer = "no_answer";

    /// <summary>Slices after which the history starts anew.</summary>
    private const int SlicesPerExecution = 100;

    /// <summary>How often a page's lost items are sent again in one epoch: a worker that never answers must not be asked forever.</summary>
    private const int MaxResent = 10;

    /// <summary>What the ids of all page orchestrations of a job begin with; unlike a job's id it is not <c>job-</c>.</summary>
    public static string InstanceIds(string job) => $"page-{job}-";

    /// <summary>What the ids of all orchestrations of a page begin with: a page that is begun again has another.</summary>
    public static string InstanceIds(string job, int page) =>
        string.Create(CultureInfo.InvariantCulture, $"{InstanceIds(job)}{page:D6}-");

    /// <summary>Instance id of a page's orchestration.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">Number of the page.</param>
    /// <param name="version">Version of the control that the page is begun under: begun again, it is under another.</param>
    public static string InstanceId(string job, int page, int version) =>
        string.Create(CultureInfo.InvariantCulture, $"{InstanceIds(job, page)}{version:D6}");

    [Function(nameof(PageOrchestrator))]
    public static async Task<PageReport> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var run = context.GetInput<PageRun>() ?? throw new InvalidOperationException("A page orchestration needs a PageRun.");
        run = run with { IdleSince = run.IdleSince ?? context.CurrentUtcDateTime, LookedAt = run.LookedAt ?? context.CurrentUtcDateTime };
        for (var slice = 0; slice < SlicesPerExecution; slice++)
        {
            var report = await context.CallActivityAsync<PageReport>(nameof(CollectPage), run.Order, DurableRetries.Storage);
            if (report.Complete || report.Control is { State: not ControlState.Stopped })
            {
                return report;
            }

            var now = context.CurrentUtcDateTime;
            if (report.Answered > run.Answered)
            {
                run = run with { Answered = report.Answered, IdleSince = now, LookedAt = now };
            }
            else if (now - run.IdleSince >= run.MaxIdle)
            {
                // Every job ends: an answer that is lost for good must not keep it forever.
                var error = new JobError(NoAnswer, $"No answer came for {run.MaxIdle}; the item was sent {run.Resent + 1} times.");
                run = run with { Order = run.Order with { GiveUp = error } };
            }
            else if (now - run.LookedAt >= run.StallAfter)
            {
                run = run with { LookedAt = now };
                if (await SendLostAsync(context, run) is { } control)
                {
                    return report with { Control = control };
                }

                run = run with { Resent = Math.Min(run.Resent + 1, MaxResent) };
            }
        }

        context.ContinueAsNew(run);
        return new PageReport(run.Order.Page.Page, 0, 0, 0, Complete: false);
    }

    /// <returns>The job's control if the whole job is sent again; null if the page goes on.</returns>
    private static async Task<JobControl?> SendLostAsync(TaskOrchestrationContext context, PageRun run)
    {
        if (run.Resent >= MaxResent)
        {
            return null;
        }

        var lost = await context.CallActivityAsync<LostItems>(nameof(FindLostItems), run.Order, DurableRetries.Storage);
        if (lost.Count == 0)
        {
            return null;
        }

        if (Lanes.CountOf(run.Order.Options) > 0)
        {
            // A lane waits at the gap, and what comes again must come in order: so all that is unanswered is sent again.
            var order = new SendAgainOrder(run.Order.JobId, run.Order.Epoch);
            return await context.CallActivityAsync<JobControl>(nameof(ChangeControl.SendAgain), order, DurableRetries.Storage);
        }

        var again = run.Sent with { Dispatch = DispatchNumber.Of(run.Order.Epoch, run.Resent + 1), Lost = lost.Bits };
        await context.CallActivityAsync<DispatchReport>(nameof(DispatchPage), again, DurableRetries.Storage);
        return null;
    }
}
