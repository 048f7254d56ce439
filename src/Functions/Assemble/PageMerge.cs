using System.Runtime.CompilerServices;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Assemble;

/// <summary>
/// A page's results in input order: its parts, each sorted, merged as streams. A part is opened when its first line is due and closed
/// after its last, so that memory grows with the number of parts whose indexes overlap and not with their size: a slow model makes
/// many parts, each with a few neighbours.
/// </summary>
internal sealed class PageMerge : IAsyncDisposable
{
    private readonly JobBlobs _blobs;
    private readonly HashSet<PartReader> _open = [];
    private readonly PriorityQueue<Part, long> _next = new();

    private PageMerge(JobBlobs blobs) => _blobs = blobs;

    /// <summary>
    /// The name of the blob that is the page's output as it stands: its only part, without a failure. Most pages are so, unless the model
    /// is slow. Null for a page whose lines have to be looked at.
    /// </summary>
    public string? Whole { get; private set; }

    /// <summary>Finds the parts of a page.</summary>
    public static async Task<PageMerge> OpenAsync(JobBlobs blobs, string job, int page, CancellationToken cancellationToken)
    {
        var merge = new PageMerge(blobs);
        var failed = 0L;
        await foreach (var blob in blobs.ListAsync(JobBlobs.PageParts(job, page), cancellationToken))
        {
            var summary = PartSummary.Of(blob.Metadata);
            failed += summary.Failed;
            merge._next.Enqueue(new Part(blob.Name, Reader: null), summary.FirstIndex);
        }

        merge.Whole = failed == 0 && merge._next.Count == 1 ? merge._next.Peek().Name : null;
        return merge;
    }

    /// <summary>The lines, by ascending index. A line's bytes are valid until the next is asked for.</summary>
    /// <exception cref="InvalidDataException">An index comes twice.</exception>
    public async IAsyncEnumerable<ResultLine> LinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = -1L;
        while (_next.TryDequeue(out var part, out var index))
        {
            if (part.Reader is not { } reader)
            {
                reader = await PartReader.OpenAsync(_blobs.Blob(part.Name), cancellationToken);
                _open.Add(reader);
                await EnqueueNextAsync(part with { Reader = reader });
                continue;
            }

            if (index <= last)
            {
                throw new InvalidDataException($"Item {index} has two results.");
            }

            last = index;
            yield return reader.Current;
            await EnqueueNextAsync(part);
        }

        async Task EnqueueNextAsync(Part part)
        {
            var reader = part.Reader!;
            if (await reader.MoveNextAsync(cancellationToken))
            {
                _next.Enqueue(part, reader.Current.Index);
            }
            else
            {
                _open.Remove(reader);
                await reader.DisposeAsync();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var reader in _open)
        {
            await reader.DisposeAsync();
        }
    }

    /// <summary>A part whose next line has the index that it is queued under; without a reader it was not opened yet.</summary>
    private sealed record Part(string Name, PartReader? Reader);
}
