using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Assemble;

/// <summary>Which pages to assemble.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Pages">Pages that are done, ascending. In a job's first round those before them are in the output; in a redrive all pages are.</param>
internal sealed record AssembleOrder(string JobId, IReadOnlyList<int> Pages)
{
    /// <summary>Whether nothing of the job was to be put into the output before: unless this very order was carried out before, it is not there.</summary>
    public bool IsFirst { get; init; }
}

/// <summary>
/// Puts finished pages into output.jsonl and errors.jsonl, in input order. What is there grows while the job runs, and is never
/// out of order. Each page's lines are blocks named after the page, so a second run writes the same blocks to the same places, and a
/// page that was redriven takes the place of what it was.
/// </summary>
internal sealed class AssembleResults(JobBlobs blobs, OrderedBlob outputs, TimeProvider time)
{
    /// <summary>Most pages in one call.</summary>
    public const int MaxPages = 50;

    /// <summary>After this time a call ends with the page at hand, to stay well within the function time-out.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMinutes(1);

    /// <returns>How many of the pages are in the output now.</returns>
    [Function(nameof(AssembleResults))]
    public async Task<int> Run([ActivityTrigger] AssembleOrder order, CancellationToken cancellationToken)
    {
        using var span = JobSpans.Assemble(order.JobId);
        try
        {
            return await RunAsync(order, cancellationToken);
        }
        catch (RequestFailedException exists) when (order.IsFirst && exists.Status is StatusCodes.Status409Conflict or StatusCodes.Status412PreconditionFailed)
        {
            // Another run of this order has ended, or of the job's first round, if this one is as late as that: look what is there now.
            return await RunAsync(order with { IsFirst = false }, cancellationToken);
        }
    }

    private async Task<int> RunAsync(AssembleOrder order, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var output = JobBlobs.Output(order.JobId);
        var errors = JobBlobs.Errors(order.JobId);
        ETag?[] versions = order.IsFirst
            ? [null, null]
            : await Task.WhenAll(outputs.VersionAsync(output, cancellationToken), outputs.VersionAsync(errors, cancellationToken));
        var done = new HashSet<int>();
        var (outputNames, errorNames) = (new List<string>(), new List<string>());
        foreach (var page in order.Pages.Take(MaxPages))
        {
            if (done.Count > 0 && time.GetElapsedTime(start) >= Slice)
            {
                break;
            }

            await using var merge = await PageMerge.OpenAsync(blobs, order.JobId, page, int.MaxValue, cancellationToken);
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
            outputNames.AddRange(outputBlocks.Names);
            errorNames.AddRange(errorBlocks.Names);
            done.Add(page);
        }

        // A call that fails before or between the two is repeated, with the same pages.
        await Task.WhenAll(
            outputs.CommitAsync(output, versions[0], done, outputNames, cancellationToken),
            outputs.CommitAsync(errors, versions[1], done, errorNames, cancellationToken));
        return done.Count;
    }
}
