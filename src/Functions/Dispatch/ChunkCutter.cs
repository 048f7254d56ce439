using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Dispatch;

/// <summary>Some lines of a page that will travel together.</summary>
/// <param name="Lane">Their lane, or <see cref="Lanes.None"/>.</param>
internal sealed record DraftChunk(int Lane)
{
    /// <summary>The lines as ranges of the page, line feeds included, in input order.</summary>
    public List<(int Offset, int Length)> Lines { get; } = [];

    /// <summary>Bytes of all lines.</summary>
    public int Bytes { get; private set; }

    /// <summary>Whether the lines lie side by side in the page, so that one range holds them.</summary>
    public bool IsContiguous => Lines[^1].Offset + Lines[^1].Length - Lines[0].Offset == Bytes;

    public void Add(int offset, int length)
    {
        Lines.Add((offset, length));
        Bytes += length;
    }
}

/// <summary>Cuts a page's lines into chunks: the same chunks in the same order, however often it runs.</summary>
internal static class ChunkCutter
{
    /// <summary>Cuts <paramref name="page"/>.</summary>
    /// <param name="page">NDJSON lines of <see cref="ChunkItem"/>.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="scope">Which of the lines to take, by their position; all if null.</param>
    /// <returns>Chunks in the order in which they are to be sent. In it, the chunks of a lane are in input order.</returns>
    public static List<DraftChunk> Cut(ReadOnlySpan<byte> page, JobOptions options, ItemSet? scope = null)
    {
        var maxItems = options.ChunkItems ?? JobLimits.DefaultChunkItems;
        var lanes = Lanes.CountOf(options);
        var chunks = new List<DraftChunk>();
        var open = new Dictionary<int, DraftChunk>();
        for (var (offset, position) = (0, 0); offset < page.Length; position++)
        {
            var length = page[offset..].IndexOf((byte)'\n') + 1;
            if (length == 0)
            {
                throw new InvalidDataException("The page ends within a line.");
            }

            if (scope?.Contains(position) == false)
            {
                offset += length;
                continue;
            }

            var lane = options.OrderByKey && KeyOf(page.Slice(offset, length)) is { } key ? Lanes.OfKey(key, lanes) : Lanes.None;
            if (open.TryGetValue(lane, out var chunk) && (chunk.Lines.Count == maxItems || chunk.Bytes + length > JobLimits.MaxChunkBytes))
            {
                chunks.Add(chunk);
                open.Remove(lane);
                chunk = null;
            }

            if (chunk is null)
            {
                open[lane] = chunk = new DraftChunk(lane);
            }

            chunk.Add(offset, length);
            offset += length;
        }

        chunks.AddRange(open.Values.OrderBy(chunk => chunk.Lines[0].Offset));
        return options.MaxConcurrency is null ? chunks : Spread(chunks, lanes);
    }

    // With a limit on concurrency nothing may run outside a lane; what has no key goes to the lanes in turn.
    private static List<DraftChunk> Spread(List<DraftChunk> chunks, int lanes)
    {
        var turn = 0;
        return chunks.ConvertAll(chunk =>
        {
            if (chunk.Lane != Lanes.None)
            {
                return chunk;
            }

            var spread = new DraftChunk(turn++ % lanes);
            chunk.Lines.ForEach(line => spread.Add(line.Offset, line.Length));
            return spread;
        });
    }

    // The line was written by this app: index, id and key stand before the input.
    private static string? KeyOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("key"u8))
            {
                reader.Read();
                return reader.GetString();
            }

            if (reader.ValueTextEquals("input"u8))
            {
                return null;
            }

            reader.Skip();
        }

        return null;
    }
}
