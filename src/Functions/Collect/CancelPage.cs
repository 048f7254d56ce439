using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>A page of a stopped job that was never dispatched.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Page">Number of the page.</param>
/// <param name="Input">The job's input blob.</param>
/// <param name="Options">The job's options.</param>
/// <param name="Reason">What its items say.</param>
internal sealed record CancelOrder(string JobId, int Page, string Input, JobOptions Options, JobError Reason)
{
    /// <summary>The job's plan, if it is short.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PagePlan>? Pages { get; init; }
}

/// <summary>Answers for all items of a page that was never dispatched. Running it again changes nothing.</summary>
internal sealed class CancelPage(PageParts parts, PageScopes scopes, JobBlobs blobs)
{
    /// <returns>The page.</returns>
    [Function(nameof(CancelPage))]
    public async Task<PagePlan> Run([ActivityTrigger] CancelOrder order, CancellationToken cancellationToken)
    {
        var page = await PagePlan.FindAsync(blobs, order.JobId, order.Page, order.Pages, cancellationToken);
        await PagePlan.StoreFirstAsync(blobs, order.JobId, order.Page, order.Pages, cancellationToken);
        var all = ItemSet.First(page.Items);
        var tally = await parts.ReadTallyAsync(order.JobId, order.Page, round: 0, all, cancellationToken);
        if (tally.IsComplete)
        {
            return page;
        }

        var items = new PageItems(blobs, scopes, new CollectOrder(order.JobId, page, order.Input, order.Options));
        var lines = (await items.AtAsync(all, cancellationToken)).Select(item => ChunkRunner.NotRun(item, ItemStatus.Canceled, order.Reason));
        await parts.CommitAsync(order.JobId, page, round: 0, tally, lines, cancellationToken);
        return page;
    }
}
