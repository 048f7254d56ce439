using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Redrive;

/// <summary>A page of whose parked items some are to be discarded.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Page">Number of the page.</param>
/// <param name="Round">Number of the round.</param>
/// <param name="Selection">Name of the blob that says which.</param>
internal sealed record DiscardOrder(string JobId, int Page, int Round, string Selection);

/// <summary>What was discarded.</summary>
/// <param name="Page">The page.</param>
/// <param name="Discarded">The items, by what they had come to before.</param>
internal sealed record DiscardReport(PagePlan Page, OpenItems Discarded);

/// <summary>Marks parked items of a page as discarded: their lines stay, with their errors. Running it again changes nothing.</summary>
internal sealed class DiscardPage(JobBlobs blobs, RoundScopes rounds, ParkedItems parked, PageParts parts)
{
    [Function(nameof(DiscardPage))]
    public async Task<DiscardReport> Run([ActivityTrigger] DiscardOrder order, CancellationToken cancellationToken)
    {
        var page = await PagePlan.ReadAsync(blobs, order.JobId, order.Page, cancellationToken);
        var (scope, open) = await rounds.OpenAsync(order.JobId, page, order.Round, order.Selection, cancellationToken);
        var tally = await parts.ReadTallyAsync(order.JobId, order.Page, order.Round, scope, cancellationToken);
        if (!tally.IsComplete)
        {
            var lines = new List<ItemResult>(scope.Count);
            await foreach (var item in parked.LinesAsync(order.JobId, order.Page, order.Round, cancellationToken))
            {
                if (scope.Contains((int)(item.Index - page.FirstIndex)))
                {
                    lines.Add(item with { Status = ItemStatus.Discarded });
                }
            }

            await parts.CommitAsync(order.JobId, page, order.Round, tally, lines, cancellationToken);
        }

        return new DiscardReport(page, open);
    }
}
