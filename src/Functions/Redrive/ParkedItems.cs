using System.Runtime.CompilerServices;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Redrive;

/// <summary>The items of a page that are parked: they failed or were canceled, and nobody has redriven or discarded them since.</summary>
internal sealed class ParkedItems(JobBlobs blobs, PageParts parts)
{
    /// <summary>Positions of the parked items of a page, by what they came to. Costs a listing, and does not read lines.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">Number of the page.</param>
    /// <param name="beforeRound">Only what the rounds before this one have made of them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<(ItemSet Failed, ItemSet Canceled)> OfPageAsync(string job, int page, int beforeRound, CancellationToken cancellationToken)
    {
        var (failed, canceled) = (new ItemSet(), new ItemSet());
        await foreach (var (round, part) in parts.SummariesWithRoundAsync(job, page, cancellationToken))
        {
            if (round >= beforeRound)
            {
                break;
            }

            foreach (var position in part.Items.Positions)
            {
                failed.Remove(position);
                canceled.Remove(position);
                if (part.Canceled.Contains(position))
                {
                    canceled.Add(position);
                }
                else if (!part.Closed.Contains(position))
                {
                    failed.Add(position);
                }
            }
        }

        return (failed, canceled);
    }

    /// <summary>The lines of a page's parked items, in input order.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">Number of the page.</param>
    /// <param name="beforeRound">Only what the rounds before this one have made of them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<ItemResult> LinesAsync(
        string job, int page, int beforeRound, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var merge = await PageMerge.OpenAsync(blobs, job, page, beforeRound, cancellationToken);
        await foreach (var line in merge.LinesAsync(cancellationToken))
        {
            // Most lines succeeded and are not parsed.
            if (!line.Succeeded
                && JsonSerializer.Deserialize(line.Utf8.Span, ContractsJson.Wire.ItemResult) is { Status: not ItemStatus.Discarded } item)
            {
                yield return item;
            }
        }
    }
}
