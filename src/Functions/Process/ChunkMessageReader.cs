using System.Text.Json;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Reads chunk messages and stored items. Their inputs are kept as trees, and a serializer reads each twice, to find its end and to make the tree; a line
/// has its end already.
/// </summary>
internal static class ChunkMessageReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JobLimits.MaxMessageDepth };

    /// <summary>What stands before the first item where each has a line of its own; no string of JSON has a line feed.</summary>
    private static ReadOnlySpan<byte> ItemsBegin => ",\"items\":[\n"u8;

    private static ReadOnlySpan<byte> ItemsEnd => "]}"u8;

    /// <summary>Reads a message's body.</summary>
    /// <exception cref="JsonException">It is not a chunk.</exception>
    public static ChunkMessage Read(ReadOnlySpan<byte> body) =>
        TryReadLines(body)
        ?? JsonSerializer.Deserialize(body, ContractsJson.Wire.ChunkMessage)
        ?? throw new JsonException("The body is null.");

    /// <summary>Reads items that stand on a line each.</summary>
    /// <exception cref="JsonException">A line is not an item.</exception>
    public static List<ChunkItem> ReadItems(ReadOnlySpan<byte> lines)
    {
        var items = new List<ChunkItem>();
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            items.Add(ReadItem(end < 0 ? lines : lines[..end]));
            lines = end < 0 ? [] : lines[(end + 1)..];
        }

        return items;
    }

    // Null where the body was written otherwise.
    private static ChunkMessage? TryReadLines(ReadOnlySpan<byte> body)
    {
        var begin = body.IndexOf(ItemsBegin);
        if (begin < 0 || !body.EndsWith(ItemsEnd))
        {
            return null;
        }

        var items = new List<ChunkItem>();
        for (var lines = body[(begin + ItemsBegin.Length)..^ItemsEnd.Length]; !lines.IsEmpty;)
        {
            var end = lines.IndexOf((byte)'\n');
            var isLast = end == lines.Length - 1;
            if (end < 1 || (!isLast && lines[end - 1] != ','))
            {
                return null;
            }

            items.Add(ReadItem(isLast ? lines[..end] : lines[..(end - 1)]));
            lines = lines[(end + 1)..];
        }

        byte[] head = [.. body[..begin], (byte)'}'];
        var chunk = JsonSerializer.Deserialize(head, ContractsJson.Wire.ChunkMessage);
        return items.Count > 0 && chunk is { Items: null } ? chunk with { Items = items } : null;
    }

    private static ChunkItem ReadItem(ReadOnlySpan<byte> line)
    {
        var json = JsonElement.Parse(line, Options);
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException($"A line is not an item: it is {json.ValueKind}.");
        }

        var (index, id, key, input, meta) = ((long?)null, (string?)null, (string?)null, (JsonElement?)null, (JsonElement?)null);
        foreach (var member in json.EnumerateObject())
        {
            if (member.NameEquals("index"u8))
            {
                index = member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt64(out var number) ? number : null;
            }
            else if (member.NameEquals("id"u8))
            {
                id = Text(member.Value);
            }
            else if (member.NameEquals("key"u8))
            {
                key = Text(member.Value);
            }
            else if (member.NameEquals("input"u8))
            {
                input = member.Value;
            }
            else if (member.NameEquals("meta"u8))
            {
                meta = member.Value;
            }
        }

        return new ChunkItem
        {
            Index = index ?? throw Without("index"),
            Id = id ?? throw Without("id"),
            Key = key,
            Input = input ?? throw Without("input"),
            Meta = meta,
        };
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        _ => throw new JsonException($"An item's id and key are strings, not {value.ValueKind}."),
    };

    private static JsonException Without(string member) => new($"An item has no '{member}' that can be read.");
}
