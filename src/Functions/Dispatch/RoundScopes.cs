using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Dispatch;

/// <summary>
/// Decides which of a page's items a dispatch sends, once: a dispatch that is repeated sends what it sent before, even where more items
/// have answered since.
/// </summary>
internal sealed class RoundScopes(JobBlobs blobs, PageScopes scopes, PageParts parts, ParkedItems parked)
{
    /// <summary>The scope of a dispatch, and what its items had come to before if it begins a redrive.</summary>
    public async Task<(ItemSet Scope, OpenItems Reopened)> OfAsync(DispatchOrder order, PagePlan page, CancellationToken cancellationToken)
    {
        if (order.Dispatch == 0)
        {
            return (ItemSet.First(page.Items), OpenItems.None);
        }

        if (order.Dispatch == order.Round)
        {
            return await OpenAsync(order.JobId, page, order.Round, order.Redrive, cancellationToken);
        }

        var scope = await scopes.ReadAsync(order.JobId, page, order.Round, cancellationToken);
        var tally = await parts.ReadTallyAsync(order.JobId, order.Page, order.Round, scope, cancellationToken);
        var lost = order.Lost is { } bits ? ItemSet.FromBytes(bits.Span) : null;
        var missing = ItemSet.Of(tally.Missing.Where(position => lost?.Contains(position) != false));
        return (await scopes.CreateOrReadAsync(order.JobId, page, order.Dispatch, missing, cancellationToken), OpenItems.None);
    }

    /// <summary>Begins a redrive's or discard's round of a page.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">The page.</param>
    /// <param name="round">Number of the round.</param>
    /// <param name="redrive">Name of the blob that says which parked items it is about; all if null.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<(ItemSet Scope, OpenItems Reopened)> OpenAsync(
        string job, PagePlan page, int round, string? redrive, CancellationToken cancellationToken)
    {
        var selection = redrive is null ? new RedriveSelection(null, null) : await RedriveSelection.ReadAsync(blobs, redrive, cancellationToken);
        var (failed, canceled) = await parked.OfPageAsync(job, page.Page, round, cancellationToken);
        var selected = new ItemSet();
        if (selection.IsAll)
        {
            selected = ItemSet.Of(failed.Positions.Concat(canceled.Positions));
        }
        else
        {
            await foreach (var item in parked.LinesAsync(job, page.Page, round, cancellationToken))
            {
                if (selection.Has(item))
                {
                    selected.Add((int)(item.Index - page.FirstIndex));
                }
            }
        }

        var scope = await scopes.CreateOrReadAsync(job, page, round, selected, cancellationToken);
        return (scope, new OpenItems(scope.Positions.Count(failed.Contains), scope.Positions.Count(canceled.Contains)));
    }
}
