using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// The parts of a page in storage. Part n of a round can be made only once, so two collectors of one page cannot both count an item.
/// </summary>
internal sealed class PageParts(JobBlobs blobs)
{
    /// <summary>Adds up the parts of a round that are committed.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">Number of the page.</param>
    /// <param name="round">Number of the round.</param>
    /// <param name="scope">The items that the round is about.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<PageTally> ReadTallyAsync(string job, int page, int round, ItemSet scope, CancellationToken cancellationToken)
    {
        var tally = new PageTally(scope);
        await foreach (var part in SummariesAsync(job, page, round, cancellationToken))
        {
            tally.Add(part);
        }

        return tally;
    }

    /// <summary>What each committed part of a page's round holds, in order.</summary>
    public async IAsyncEnumerable<PartSummary> SummariesAsync(
        string job, int page, int round, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in blobs.ListAsync(JobBlobs.PageParts(job, page, round), cancellationToken))
        {
            yield return PartSummary.Of(blob.Metadata);
        }
    }

    /// <summary>What each committed part of a page holds, with its round, in order: of two lines for one item the later holds.</summary>
    public async IAsyncEnumerable<(int Round, PartSummary Part)> SummariesWithRoundAsync(
        string job, int page, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in blobs.ListAsync(JobBlobs.PageParts(job, page), cancellationToken))
        {
            yield return (JobBlobs.RoundOfPart(blob.Name), PartSummary.Of(blob.Metadata));
        }
    }

    /// <summary>Commits results as the next part, lines sorted by index, and adds it to the tally.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">The page.</param>
    /// <param name="round">The round.</param>
    /// <param name="tally">The round's tally.</param>
    /// <param name="results">The results; at least one.</param>
    /// <param name="cancellationToken">Ends the call; the part may have been committed.</param>
    /// <param name="sums">What the runs measured that they come from.</param>
    /// <exception cref="RequestFailedException">409 or 412: another collector of this page has made the part. Nothing was committed here.</exception>
    public async Task CommitAsync(
        string job,
        PagePlan page,
        int round,
        PageTally tally,
        IEnumerable<ItemResult> results,
        CancellationToken cancellationToken,
        RunSums? sums = null)
    {
        var sorted = results.OrderBy(result => result.Index).ToList();
        var summary = PartSummary.Of(sorted, page.FirstIndex) with { Sums = sums ?? RunSums.None };
        var options = new BlobUploadOptions
        {
            Metadata = summary.ToMetadata(),
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        using var lines = NdjsonLines.Write(sorted, ContractsJson.Wire.ItemResult);
        await blobs.Blob(JobBlobs.PagePart(job, page.Page, round, tally.Parts)).UploadAsync(lines, options, cancellationToken);
        tally.Add(summary);
    }
}
