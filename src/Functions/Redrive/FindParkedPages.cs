using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.Functions.Redrive;

/// <summary>Where to look for parked items.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Round">The round that they are looked for for: only what those before it have left.</param>
/// <param name="FromPage">The first page to look at.</param>
/// <param name="Pages">Pages of the job.</param>
/// <param name="MaxFound">Most pages to find.</param>
internal sealed record FindParkedOrder(string JobId, int Round, int FromPage, int Pages, int MaxFound);

/// <summary>Pages with parked items.</summary>
/// <param name="Pages">Their numbers, ascending.</param>
/// <param name="NextPage">The page to go on with.</param>
internal sealed record ParkedPages(IReadOnlyList<int> Pages, int NextPage);

/// <summary>Finds the pages that a redrive is about: those with items that failed or were canceled. Costs a listing for each page that is looked at.</summary>
internal sealed class FindParkedPages(ParkedItems parked)
{
    /// <summary>Most pages that one call looks at.</summary>
    private const int MaxPages = 1000;

    /// <summary>Pages looked at side by side.</summary>
    private const int Parallelism = 16;

    [Function(nameof(FindParkedPages))]
    public async Task<ParkedPages> Run([ActivityTrigger] FindParkedOrder order, CancellationToken cancellationToken)
    {
        var found = new List<int>();
        var end = Math.Min(order.Pages, order.FromPage + MaxPages);
        var page = order.FromPage;
        while (page < end && found.Count < order.MaxFound)
        {
            var batch = Enumerable.Range(page, Math.Min(Parallelism, Math.Min(end - page, order.MaxFound - found.Count)));
            var open = await Task.WhenAll(batch.Select(async number => (Page: number, IsOpen: await IsOpenAsync(order, number, cancellationToken))));
            found.AddRange(open.Where(one => one.IsOpen).Select(one => one.Page));
            page += open.Length;
        }

        return new ParkedPages(found, page);
    }

    private async Task<bool> IsOpenAsync(FindParkedOrder order, int page, CancellationToken cancellationToken)
    {
        var (failed, canceled) = await parked.OfPageAsync(order.JobId, page, order.Round, cancellationToken);
        return failed.Count + canceled.Count > 0;
    }
}
