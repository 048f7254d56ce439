using Azure;
using Azure.Storage.Blobs.Models;
using ModelJobs.Contracts;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>The parts of a page in storage. Part n can be made only once, so two collectors of one page cannot both count a chunk.</summary>
internal sealed class PageParts(JobBlobs blobs)
{
    /// <summary>Adds up the parts that are committed.</summary>
    public async Task<PageTally> ReadTallyAsync(CollectOrder order, CancellationToken cancellationToken)
    {
        var tally = new PageTally(order.Chunks);
        await foreach (var part in SummariesAsync(order.JobId, order.Page, cancellationToken))
        {
            tally.Add(part);
        }

        return tally;
    }

    /// <summary>What each committed part of a page holds, in order.</summary>
    public async IAsyncEnumerable<PartSummary> SummariesAsync(
        string job, int page, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in blobs.ListAsync(JobBlobs.PageParts(job, page), cancellationToken))
        {
            yield return PartSummary.Of(blob.Metadata);
        }
    }

    /// <summary>Commits the pending results as the next part, lines sorted by index, and adds it to the tally.</summary>
    /// <exception cref="RequestFailedException">409 or 412: another collector of this page has made the part. Nothing was committed here.</exception>
    public async Task CommitAsync(CollectOrder order, PageTally tally, PendingPart pending, CancellationToken cancellationToken)
    {
        var results = pending.Results.OrderBy(result => result.Index).ToList();
        var failed = results.Count(result => result.Status == ItemStatus.Failed);
        var summary = new PartSummary(pending.Chunks, results.Count - failed, failed, results.Count > 0 ? results[0].Index : 0);
        var options = new BlobUploadOptions
        {
            Metadata = summary.ToMetadata(),
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        using var lines = NdjsonLines.Write(results, ContractsJson.Wire.ItemResult);
        await blobs.Blob(JobBlobs.PagePart(order.JobId, order.Page, tally.Parts)).UploadAsync(lines, options, cancellationToken);
        tally.Add(summary);
    }
}
