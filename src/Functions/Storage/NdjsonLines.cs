using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ModelJobs.Functions.Storage;

/// <summary>NDJSON that is small enough to be held whole.</summary>
internal static class NdjsonLines
{
    /// <summary>Parses lines that each end in a line feed.</summary>
    /// <exception cref="JsonException">A line is not a <typeparamref name="T"/>.</exception>
    /// <exception cref="InvalidDataException">There are more than <paramref name="maxLines"/> lines.</exception>
    public static List<T> Parse<T>(ReadOnlyMemory<byte> lines, JsonTypeInfo<T> type, int maxLines = int.MaxValue)
        where T : class
    {
        var parsed = new List<T>();
        for (var rest = lines.Span; rest.Length > 0;)
        {
            if (parsed.Count == maxLines)
            {
                throw new InvalidDataException($"There are more than {maxLines} lines.");
            }

            var end = rest.IndexOf((byte)'\n');
            end = end < 0 ? rest.Length : end;
            parsed.Add(JsonSerializer.Deserialize(rest[..end], type) ?? throw new JsonException("A line is null."));
            rest = rest[Math.Min(end + 1, rest.Length)..];
        }

        return parsed;
    }

    /// <summary>Writes values as lines.</summary>
    public static MemoryStream Write<T>(IEnumerable<T> values, JsonTypeInfo<T> type)
    {
        var lines = new MemoryStream();
        foreach (var value in values)
        {
            JsonSerializer.Serialize(lines, value, type);
            lines.WriteByte((byte)'\n');
        }

        lines.Position = 0;
        return lines;
    }
}
