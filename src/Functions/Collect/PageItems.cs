using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// A page's items as they were stored, by position or by chunk. Read when first asked for; holds the page's bytes, at most
/// <see cref="JobLimits.MaxPageBytes"/> or one line.
/// </summary>
internal sealed class PageItems(JobBlobs blobs, PageScopes scopes, CollectOrder order)
{
    private readonly Dictionary<int, List<DraftChunk>> _cuts = [];
    private ReadOnlyMemory<byte>? _page;

    /// <summary>The items of a chunk, in input order.</summary>
    /// <param name="chunk">Number of the chunk.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null if the page has no such chunk.</returns>
    /// <exception cref="InvalidOperationException">The page is damaged.</exception>
    public async Task<IReadOnlyList<ChunkItem>?> OfChunkAsync(int chunk, CancellationToken cancellationToken)
    {
        var dispatch = DispatchNumber.OfChunk(chunk);
        if (!_cuts.TryGetValue(dispatch, out var chunks))
        {
            _cuts.Add(dispatch, chunks = await CutAsync(dispatch, cancellationToken));
        }

        var number = chunk - DispatchNumber.FirstChunk(dispatch);
        return number < chunks.Count ? [.. chunks[number].Lines.Select(line => Read(line.Offset, line.Length))] : null;
    }

    /// <summary>The items at some positions, in input order.</summary>
    /// <exception cref="InvalidOperationException">The page is damaged.</exception>
    public async Task<IReadOnlyList<ChunkItem>> AtAsync(ItemSet positions, CancellationToken cancellationToken)
    {
        var page = await PageAsync(cancellationToken);
        var items = new List<ChunkItem>(positions.Count);
        for (var (offset, position) = (0, 0); offset < page.Length; position++)
        {
            var length = page.Span[offset..].IndexOf((byte)'\n') + 1;
            if (length == 0)
            {
                throw Damaged("It ends within a line.");
            }

            if (positions.Contains(position))
            {
                items.Add(Read(offset, length));
            }

            offset += length;
        }

        return items.Count == positions.Count ? items : throw Damaged($"It has no items at some of {positions.Count} positions.");
    }

    private async Task<List<DraftChunk>> CutAsync(int dispatch, CancellationToken cancellationToken)
    {
        var scope = await scopes.ReadAsync(order.JobId, order.Page, dispatch, cancellationToken);
        var page = await PageAsync(cancellationToken);
        try
        {
            return ChunkCutter.Cut(page.Span, order.Options, scope);
        }
        catch (Exception damaged) when (damaged is InvalidDataException or JsonException)
        {
            // Those say of an answer that it is not valid; here the answer is not at fault.
            throw Damaged(damaged.Message, damaged);
        }
    }

    private async Task<ReadOnlyMemory<byte>> PageAsync(CancellationToken cancellationToken) =>
        _page ??= await blobs.ReadAsync(order.Input, order.Page.Offset, order.Page.Bytes, cancellationToken);

    private ChunkItem Read(int offset, int length)
    {
        try
        {
            return JsonSerializer.Deserialize(_page!.Value.Span.Slice(offset, length), ContractsJson.Wire.ChunkItem)
                ?? throw Damaged("A stored item is null.");
        }
        catch (JsonException malformed)
        {
            throw Damaged(malformed.Message, malformed);
        }
    }

    private InvalidOperationException Damaged(string why, Exception? cause = null) =>
        new($"Page {order.Page.Page} of job {order.JobId} cannot be read as it was stored. {why}", cause);
}
