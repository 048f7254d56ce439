using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Submit;

/// <summary>Reads items from NDJSON, a line at a time. Blank lines are skipped but counted.</summary>
internal static class ItemLines
{
    private static readonly JsonReaderOptions Strict = new() { CommentHandling = JsonCommentHandling.Disallow, MaxDepth = JobLimits.MaxItemDepth };

    /// <summary>Reads the items of <paramref name="body"/>.</summary>
    /// <returns>Each item with its 1-based line number.</returns>
    /// <exception cref="ProblemException">A line is not an item; the problem names line and column.</exception>
    public static async IAsyncEnumerable<(long Line, SubmittedItem Item)> ReadAsync(
        PipeReader body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var line = 0L;
        ReadResult read;
        do
        {
            read = await body.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            try
            {
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    line++;
                    if (Parse(rest.Slice(0, end), line) is { } item)
                    {
                        yield return (line, item);
                    }

                    rest = rest.Slice(rest.GetPosition(1, end));
                }

                if (read.IsCompleted && Parse(rest, line + 1) is { } last)
                {
                    yield return (line + 1, last);
                }

                CheckLength(rest.Length, line + 1);
            }
            finally
            {
                // On every way out: the server reads on to keep the connection, and can only do so between two reads.
                body.AdvanceTo(read.IsCompleted ? rest.End : rest.Start, rest.End);
            }
        }
        while (!read.IsCompleted);
    }

    private static SubmittedItem? Parse(ReadOnlySequence<byte> line, long number)
    {
        CheckLength(line.Length, number);
        if (number == 1 && line.FirstSpan.StartsWith("\uFEFF"u8))
        {
            line = line.Slice(3);
        }

        if (IsBlank(line))
        {
            return null;
        }

        // In one piece: the body comes in pieces of a few kilobytes, and values across them are read slowly.
        ReadOnlyMemory<byte> whole = line.ToArray();
        if (SubmittedItem.TryTake(whole, Strict) is { } taken)
        {
            CheckNames(taken.Id, taken.Key, number);
            return taken;
        }

        var reader = new Utf8JsonReader(whole.Span, Strict);
        try
        {
            var item = JsonSerializer.Deserialize(ref reader, ContractsJson.Wire.Item)
                ?? throw new JsonException("null is not an item");
            if (reader.Read())
            {
                throw new JsonException("there is more than one JSON value on the line", null, 0, reader.TokenStartIndex);
            }

            CheckNames(item.Id, item.Key, number);
            return new SubmittedItem(item);
        }
        catch (JsonException malformed)
        {
            var column = (malformed.BytePositionInLine ?? 0) + 1;
            throw Problems.BadInput(
                $"Line {number}, column {column}: {Reason(malformed)} Every line must be one JSON object such as {{\"id\":\"a\",\"input\":…}}; nothing was accepted.",
                number,
                column);
        }
    }

    /// <summary>Checks what JSON alone does not: the lengths of names.</summary>
    public static void CheckNames(string? id, string? key, long line)
    {
        if (id is { Length: > JobLimits.MaxNameLength or 0 })
        {
            throw Problems.BadInput($"Line {line}: 'id' must have 1 to {JobLimits.MaxNameLength} characters; leave it out to have the line number.", line);
        }

        if (key is { Length: > JobLimits.MaxNameLength or 0 })
        {
            throw Problems.BadInput($"Line {line}: 'key' must have 1 to {JobLimits.MaxNameLength} characters; leave it out for an item without order.", line);
        }
    }

    /// <summary>What is wrong, in words of the API instead of the serializer's.</summary>
    public static string Reason(JsonException malformed)
    {
        var message = malformed.Message;
        if (message.Contains("missing required", StringComparison.Ordinal))
        {
            return $"a required property is missing:{message[(message.LastIndexOf(':') + 1)..].TrimEnd('.')}.";
        }

        if (message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return $"{message[..message.IndexOf(" could not", StringComparison.Ordinal)]} is not known here; check the spelling.";
        }

        if (message.Contains("could not be converted", StringComparison.Ordinal))
        {
            return $"the value{(malformed.Path is { Length: > 1 } path ? $" at {path}" : "")} has the wrong type.";
        }

        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        end = end < 0 ? message.IndexOf(" LineNumber: ", StringComparison.Ordinal) : end;
        return (end < 0 ? message : message[..end]).TrimEnd('.') + ".";
    }

    private static void CheckLength(long length, long line)
    {
        if (length > JobLimits.MaxItemBytes)
        {
            throw Problems.BadInput($"Line {line} has more than {JobLimits.MaxItemBytes} bytes; put large data into storage and its name into the item.", line);
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }
}
