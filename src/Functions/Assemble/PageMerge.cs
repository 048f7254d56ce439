using System.Runtime.CompilerServices;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Assemble;

/// <summary>
/// A page's results in input order: its parts, each sorted, merged as streams. A part is opened when its first line is due and closed
/// after its last, so that memory grows with the number of parts whose indexes overlap and not with their size: a slow model makes
/// many parts, each with a few neighbours. Of two lines for one item that of the later round holds.
/// </summary>
internal sealed class PageMerge : IAsyncDisposable
{
    private readonly JobBlobs _blobs;
    private readonly HashSet<PartReader> _open = [];
    private readonly PriorityQueue<Part, (long Index, int Age)> _next = new();

    private PageMerge(JobBlobs blobs) => _blobs = blobs;

    /// <summary>
    /// The name of the blob that is the page's output as it stands: its only part, without a failure. Most pages are so, unless the model
    /// is slow. Null for a page whose lines have to be looked at.
    /// </summary>
    public string? Whole { get; private set; }

    /// <summary>Finds the parts of a page.</summary>
    /// <param name="blobs">Where they are.</param>
    /// <param name="job">The job.</param>
    /// <param name="page">Number of the page.</param>
    /// <param name="beforeRound">Only those of the rounds before this one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<PageMerge> OpenAsync(JobBlobs blobs, string job, int page, int beforeRound, CancellationToken cancellationToken)
    {
        var merge = new PageMerge(blobs);
        var others = 0L;
        await foreach (var blob in blobs.ListAsync(JobBlobs.PageParts(job, page), cancellationToken))
        {
            var round = JobBlobs.RoundOfPart(blob.Name);
            if (round < beforeRound)
            {
                var summary = PartSummary.Of(blob.Metadata);
                others += summary.Items.Count - summary.Succeeded;
                merge.Enqueue(new Part(blob.Name, round, Reader: null), summary.FirstIndex);
            }
        }

        merge.Whole = others == 0 && merge._next.Count == 1 ? merge._next.Peek().Name : null;
        return merge;
    }

    /// <summary>The lines, by ascending index. A line's bytes are valid until the next is asked for.</summary>
    /// <exception cref="InvalidDataException">An index comes twice in one round.</exception>
    public async IAsyncEnumerable<ResultLine> LinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (last, lastRound) = (-1L, -1);
        while (_next.TryDequeue(out var part, out var place))
        {
            if (part.Reader is not { } reader)
            {
                reader = await PartReader.OpenAsync(_blobs.Blob(part.Name), cancellationToken);
                _open.Add(reader);
                await EnqueueNextAsync(part with { Reader = reader });
                continue;
            }

            if (place.Index == last && part.Round == lastRound)
            {
                throw new InvalidDataException($"Item {place.Index} has two results.");
            }

            // The latest round's line comes first; those of the rounds before are passed over.
            if (place.Index > last)
            {
                (last, lastRound) = (place.Index, part.Round);
                yield return reader.Current;
            }

            await EnqueueNextAsync(part);
        }

        async Task EnqueueNextAsync(Part part)
        {
            var reader = part.Reader!;
            if (await reader.MoveNextAsync(cancellationToken))
            {
                Enqueue(part, reader.Current.Index);
            }
            else
            {
                _open.Remove(reader);
                await reader.DisposeAsync();
            }
        }
    }

    private void Enqueue(Part part, long index) => _next.Enqueue(part, (index, -part.Round));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var reader in _open)
        {
            await reader.DisposeAsync();
        }
    }

    /// <summary>A part whose next line has the index that it is queued under; without a reader it was not opened yet.</summary>
    private sealed record Part(string Name, int Round, PartReader? Reader);
}
