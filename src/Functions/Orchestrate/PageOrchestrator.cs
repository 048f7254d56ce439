using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using ModelJobs.Functions.Collect;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>The page orchestrator's input.</summary>
/// <param name="Order">What to collect.</param>
/// <param name="MaxIdle">How long the page may stand still before it fails.</param>
/// <param name="IdleSince">Since when it stands still; null at its start.</param>
/// <param name="Answered">Items that had answered then.</param>
internal sealed record PageRun(CollectOrder Order, TimeSpan MaxIdle, DateTime? IdleSince = null, long Answered = 0);

/// <summary>Collects one page: calls CollectPage, slice after slice, until every chunk has answered.</summary>
internal static class PageOrchestrator
{
    /// <summary>Slices after which the history starts anew.</summary>
    private const int SlicesPerExecution = 100;

    /// <summary>Instance id of a page's orchestration; unlike a job's id it does not begin with <c>job-</c>.</summary>
    public static string InstanceId(string job, int page) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"page-{page:D6}-{job}");

    /// <exception cref="TimeoutException">Nothing has answered for as long as the page may stand still.</exception>
    [Function(nameof(PageOrchestrator))]
    public static async Task<PageReport> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var run = context.GetInput<PageRun>() ?? throw new InvalidOperationException("A page orchestration needs a PageRun.");
        run = run with { IdleSince = run.IdleSince ?? context.CurrentUtcDateTime };
        for (var slice = 0; slice < SlicesPerExecution; slice++)
        {
            var report = await context.CallActivityAsync<PageReport>(nameof(CollectPage), run.Order, DurableRetries.Storage);
            if (report.Complete)
            {
                return report;
            }

            var answered = report.Succeeded + report.Failed;
            if (answered > run.Answered)
            {
                run = run with { Answered = answered, IdleSince = context.CurrentUtcDateTime };
            }
            else if (context.CurrentUtcDateTime - run.IdleSince >= run.MaxIdle)
            {
                // Every job ends: an answer that is lost for good must not keep it forever.
                throw new TimeoutException(
                    $"Page {run.Order.Page} has had no answer for {run.MaxIdle}: {answered} of {run.Order.Items} items have answered.");
            }
        }

        context.ContinueAsNew(run);
        return new PageReport(run.Order.Page, 0, 0, Complete: false);
    }
}
