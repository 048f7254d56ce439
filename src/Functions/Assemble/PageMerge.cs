using System.Runtime.CompilerServices;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Assemble;

/// <summary>
/// A page's results in input order: its parts, each sorted, merged as streams, so that memory grows with the number of parts and not
/// with their size.
/// </summary>
internal sealed class PageMerge : IAsyncDisposable
{
    private readonly List<PartReader> _parts = [];

    /// <summary>Opens the parts of a page.</summary>
    public static async Task<PageMerge> OpenAsync(JobBlobs blobs, string job, int page, CancellationToken cancellationToken)
    {
        var merge = new PageMerge();
        try
        {
            await foreach (var part in blobs.ListAsync(JobBlobs.PageParts(job, page), cancellationToken))
            {
                merge._parts.Add(await PartReader.OpenAsync(blobs.Blob(part.Name), cancellationToken));
            }

            return merge;
        }
        catch
        {
            await merge.DisposeAsync();
            throw;
        }
    }

    /// <summary>The lines, by ascending index. A line's bytes are valid until the next is asked for.</summary>
    /// <exception cref="InvalidDataException">An index comes twice.</exception>
    public async IAsyncEnumerable<ResultLine> LinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var heads = new PriorityQueue<PartReader, long>();
        foreach (var part in _parts)
        {
            await EnqueueNextAsync(part);
        }

        var last = -1L;
        while (heads.TryDequeue(out var part, out var index))
        {
            if (index <= last)
            {
                throw new InvalidDataException($"Item {index} has two results.");
            }

            last = index;
            yield return part.Current;
            await EnqueueNextAsync(part);
        }

        async Task EnqueueNextAsync(PartReader part)
        {
            if (await part.MoveNextAsync(cancellationToken))
            {
                heads.Enqueue(part, part.Current.Index);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
        {
            await part.DisposeAsync();
        }
    }
}
