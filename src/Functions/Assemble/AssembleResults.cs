using Microsoft.Azure.Functions.Worker;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Assemble;

/// <summary>Which pages to assemble.</summary>
/// <param name="JobId">The job.</param>
/// <param name="FromPage">First page; those before it are in the output.</param>
/// <param name="ToPage">The page after the last one that is done without a gap.</param>
internal sealed record AssembleOrder(string JobId, int FromPage, int ToPage);

/// <summary>
/// Appends finished pages to output.jsonl and errors.jsonl, in input order. What is there grows while the job runs, and is never
/// out of order. Each page's lines are blocks named after the page, so a second run writes the same blocks to the same places.
/// </summary>
internal sealed class AssembleResults(JobBlobs blobs, OrderedBlob outputs, TimeProvider time)
{
    /// <summary>Pages in one call.</summary>
    private const int MaxPages = 50;

    /// <summary>After this time a call ends with the page at hand, to stay well within the function time-out.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMinutes(1);

    /// <returns>The page to go on with.</returns>
    [Function(nameof(AssembleResults))]
    public async Task<int> Run([ActivityTrigger] AssembleOrder order, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var end = Math.Min(order.ToPage, order.FromPage + MaxPages);
        var output = JobBlobs.Output(order.JobId);
        var errors = JobBlobs.Errors(order.JobId);
        var page = order.FromPage;
        // Most jobs have no errors, and most calls nothing new about them. The first call makes both blobs, be they empty.
        var (hasOutput, hasErrors) = (page == 0, page == 0);
        for (; page < end && (page == order.FromPage || time.GetElapsedTime(start) < Slice); page++)
        {
            await using var merge = await PageMerge.OpenAsync(blobs, order.JobId, page, cancellationToken);
            await using var outputBlocks = outputs.OpenBlocks(output, page);
            await using var errorBlocks = outputs.OpenBlocks(errors, page);
            if (merge.Whole is { } part)
            {
                using var lines = (await blobs.Blob(part).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
                await outputBlocks.CopyAsync(lines.Content, cancellationToken);
            }
            else
            {
                await foreach (var line in merge.LinesAsync(cancellationToken))
                {
                    await (line.Succeeded ? outputBlocks : errorBlocks).AppendAsync(line.Utf8, cancellationToken);
                }
            }

            await outputBlocks.FlushAsync(cancellationToken);
            await errorBlocks.FlushAsync(cancellationToken);
            hasOutput |= outputBlocks.HasBlocks;
            hasErrors |= errorBlocks.HasBlocks;
        }

        // A call that fails before or between the two is repeated, from the same page.
        if (hasOutput)
        {
            await outputs.CommitAsync(output, cancellationToken);
        }

        if (hasErrors)
        {
            await outputs.CommitAsync(errors, cancellationToken);
        }

        return page;
    }
}
