using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Estimate;

/// <summary>
/// Cuts stored lines into pages and chunks as a job would, by the same code, to count them. Holds one page, as a dispatch does: at most
/// <see cref="JobLimits.MaxPageBytes"/>, or one line.
/// </summary>
internal sealed class ShapeCounter(JobOptions options) : IDisposable
{
    /// <summary>Bytes of a message that are one operation.</summary>
    private const int OperationBytes = 64 * 1024;

    /// <summary>Most bytes of a batch in the Standard tier.</summary>
    private const int BatchBytes = 256 * 1024;

    /// <summary>What a chunk's message has besides its lines, its properties included; at most, about.</summary>
    private const int MessageOverhead = 700;

    private readonly PageCutter _cutter = PlanJob.CutterOf(options.ChunkItems ?? JobLimits.DefaultChunkItems);
    private readonly MemoryStream _page = new();
    private readonly HashSet<int> _lanes = [];
    private JobShape _shape = new();

    /// <summary>Takes the next stored line, its line feed included.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        if (_cutter.Add(line.Length) is { } page)
        {
            Cut(page);
        }

        _page.Write(line);
    }

    /// <summary>Ends the last page.</summary>
    /// <returns>How the job is cut.</returns>
    public JobShape Finish()
    {
        if (_cutter.Finish() is { } last)
        {
            Cut(last);
        }

        return _shape with { Lanes = _lanes.Count };
    }

    /// <inheritdoc/>
    public void Dispose() => _page.Dispose();

    private void Cut(PagePlan page)
    {
        var chunks = ChunkCutter.Cut(_page.GetBuffer().AsSpan(0, page.Bytes), options);
        var inLanes = chunks.Where(chunk => chunk.Lane != Lanes.None).ToList();
        var large = chunks.Where(chunk => chunk.Bytes > JobLimits.MaxInlineBytes).ToList();
        var lanes = inLanes.Select(chunk => chunk.Lane).ToHashSet();
        _lanes.UnionWith(lanes);
        _shape = _shape with
        {
            Items = _shape.Items + page.Items,
            Bytes = _shape.Bytes + page.Bytes,
            Pages = _shape.Pages + 1,
            Chunks = _shape.Chunks + chunks.Count,
            LaneChunks = _shape.LaneChunks + inLanes.Count,
            PageLanes = _shape.PageLanes + lanes.Count,
            LargeChunks = _shape.LargeChunks + large.Count,
            ScatteredPages = _shape.ScatteredPages + (large.Exists(chunk => !chunk.IsContiguous) ? 1 : 0),
            ChunkOperations = _shape.ChunkOperations + chunks.Sum(chunk => (MessageBytes(chunk) + OperationBytes - 1L) / OperationBytes),
            Batches = _shape.Batches + BatchesOf(inLanes) + BatchesOf(chunks.Where(chunk => chunk.Lane == Lanes.None)),
        };
        _page.SetLength(0);
    }

    private static int MessageBytes(DraftChunk chunk) => MessageOverhead + (chunk.Bytes > JobLimits.MaxInlineBytes ? 0 : chunk.Bytes);

    private static long BatchesOf(IEnumerable<DraftChunk> chunks)
    {
        var (batches, bytes) = (0L, BatchBytes);
        foreach (var chunk in chunks)
        {
            var message = MessageBytes(chunk);
            (batches, bytes) = bytes + message > BatchBytes ? (batches + 1, message) : (batches, bytes + message);
        }

        return batches;
    }
}
