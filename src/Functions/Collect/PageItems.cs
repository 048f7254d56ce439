using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>A page's items as they were stored, by chunk. Holds the page's bytes, at most <see cref="JobLimits.MaxPageBytes"/> or one line.</summary>
internal sealed class PageItems
{
    private readonly ReadOnlyMemory<byte> _page;
    private readonly List<DraftChunk> _chunks;

    private PageItems(ReadOnlyMemory<byte> page, List<DraftChunk> chunks) => (_page, _chunks) = (page, chunks);

    /// <summary>Reads a page and cuts it as it was cut when it was dispatched.</summary>
    /// <exception cref="InvalidOperationException">It has another number of chunks than were dispatched.</exception>
    public static async Task<PageItems> ReadAsync(JobBlobs blobs, CollectOrder order, ExternalPage external, CancellationToken cancellationToken)
    {
        var plan = await PagePlan.ReadAsync(blobs, order.JobId, order.Page, cancellationToken);
        var page = await blobs.ReadAsync(external.Input, plan.Offset, plan.Bytes, cancellationToken);
        var chunks = ChunkCutter.Cut(page.Span, external.Options);
        return chunks.Count == order.Chunks
            ? new PageItems(page, chunks)
            : throw new InvalidOperationException(
                $"Page {order.Page} of job {order.JobId} was dispatched as {order.Chunks} chunks, but is stored as {chunks.Count}.");
    }

    /// <summary>The items of a chunk, in input order.</summary>
    public IReadOnlyList<ChunkItem> OfChunk(int chunk) => _chunks[chunk].Lines.ConvertAll(line =>
        JsonSerializer.Deserialize(_page.Span.Slice(line.Offset, line.Length), ContractsJson.Wire.ChunkItem)
        ?? throw new InvalidOperationException("A stored item is null."));
}
