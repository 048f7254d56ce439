using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using ModelJobs.Functions.Collect;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>Collects one page: calls CollectPage, slice after slice, until every chunk has answered.</summary>
internal static class PageOrchestrator
{
    /// <summary>Slices after which the history starts anew.</summary>
    private const int SlicesPerExecution = 100;

    /// <summary>Instance id of a page's orchestration; unlike a job's id it does not begin with <c>job-</c>.</summary>
    public static string InstanceId(string job, int page) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"page-{page:D6}-{job}");

    [Function(nameof(PageOrchestrator))]
    public static async Task<PageReport> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var order = context.GetInput<CollectOrder>() ?? throw new InvalidOperationException("A page orchestration needs a CollectOrder.");
        for (var slice = 0; slice < SlicesPerExecution; slice++)
        {
            var report = await context.CallActivityAsync<PageReport>(nameof(CollectPage), order, DurableRetries.Storage);
            if (report.Complete)
            {
                return report;
            }
        }

        context.ContinueAsNew(order);
        return new PageReport(order.Page, 0, 0, Complete: false);
    }
}
