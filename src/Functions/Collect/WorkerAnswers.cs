using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// Holds the answer of an external worker against the contract and the chunk's items. An answer is taken whole or not at all: an
/// index out of place casts doubt on all others. Each refusal is an <see cref="InvalidDataException"/> or a <see cref="JsonException"/> for
/// the worker's author to read.
/// </summary>
internal static class WorkerAnswers
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Parses the body of a message; what it says of items is checked by <see cref="Match"/>.</summary>
    /// <returns>An answer with either results or a blob.</returns>
    public static WorkerAnswer Parse(ChunkId chunk, ReadOnlySpan<byte> body)
    {
        if (body.Length > WorkerContract.MaxInlineBytes)
        {
            throw new InvalidDataException($"it has more than {WorkerContract.MaxInlineBytes} bytes; store its results in a blob.");
        }

        var answer = JsonSerializer.Deserialize(body, ContractsJson.Wire.WorkerAnswer) ?? throw new JsonException("it is null.");
        if (answer.Id is { } named && named != chunk)
        {
            throw new InvalidDataException($"its id names chunk {named}, its CorrelationId chunk {chunk}.");
        }

        return (answer.Results is null) != (answer.Blob is null)
            ? answer
            : throw new InvalidDataException("it must have either results or a blob.");
    }

    /// <summary>Refuses a blob that is not one of the chunk's own: what a worker names must not become a way to read others.</summary>
    public static void CheckBlob(ChunkId chunk, BlobRange blob)
    {
        var prefix = JobBlobs.ChunkResults(chunk);
        if (!blob.Name.StartsWith(prefix, StringComparison.Ordinal)
            || blob.Name.Length - prefix.Length is < 1 or > WorkerContract.MaxBlobSuffixLength
            || blob.Name.AsSpan(prefix.Length).ContainsAnyExcept(NameCharacters))
        {
            throw new InvalidDataException(
                $"the name of its blob must be '{prefix}' and 1 to {WorkerContract.MaxBlobSuffixLength} letters, digits, '.', '_' or '-'.");
        }

        if (blob.Offset < 0 || blob.Length is < 0 or > WorkerContract.MaxBlobBytes)
        {
            throw new InvalidDataException($"offset must be 0 or more, length 0 to {WorkerContract.MaxBlobBytes}.");
        }
    }

    /// <summary>Gives each item what the worker says of it.</summary>
    /// <returns>One line per item, in the order of the items.</returns>
    public static IReadOnlyList<ItemResult> Match(IReadOnlyList<ChunkItem> items, IReadOnlyList<WorkerResult?> results)
    {
        var byIndex = items.ToDictionary(item => item.Index, _ => (WorkerResult?)null);
        foreach (var result in results)
        {
            if (result is null)
            {
                throw new InvalidDataException("a result is null.");
            }

            if (!byIndex.TryGetValue(result.Index, out var other))
            {
                throw new InvalidDataException($"the chunk has no item of index {result.Index}; its items have {items[0].Index} to {items[^1].Index}.");
            }

            byIndex[result.Index] = other is null ? result : throw new InvalidDataException($"item {result.Index} has two results.");
        }

        var outputBytes = 0L;
        return [.. items.Select(item => Line(item, byIndex[item.Index] ?? throw new InvalidDataException($"item {item.Index} has no result."), ref outputBytes))];
    }

    /// <summary>As much of a text from outside as is kept.</summary>
    public static string Short(string text)
    {
        const int Max = WorkerContract.MaxErrorMessageLength;
        // A cut must not leave half of a surrogate pair.
        return text.Length <= Max ? text : text[..(char.IsHighSurrogate(text[Max - 2]) ? Max - 2 : Max - 1)] + "…";
    }

    private static ItemResult Line(ChunkItem item, WorkerResult result, ref long outputBytes)
    {
        if (result.Attempts < 0)
        {
            throw new InvalidDataException($"attempts of item {item.Index} must be 0 or more.");
        }

        return ChunkRunner.ToResult(item, ChunkRunner.Limit(Outcome(result), ref outputBytes), result.Attempts ?? 1);
    }

    private static ItemOutcome Outcome(WorkerResult result) => result switch
    {
        { Output: { } output, Error: null, Status: null or "succeeded" } => IsText(output)
            ? ItemOutcome.Succeeded(output)
            : throw new InvalidDataException($"the output of item {result.Index} has a string that is not valid Unicode."),
        // Many serializers write every member: beside an error, null is no output.
        { Output: null or { ValueKind: JsonValueKind.Null }, Error: { } error, Status: null or "failed" } => error.Code.Length is > 0 and <= WorkerContract.MaxErrorCodeLength
            ? ItemOutcome.Permanent(error.Code, Short(error.Message))
            : throw new InvalidDataException($"the error code of item {result.Index} must have 1 to {WorkerContract.MaxErrorCodeLength} characters."),
        _ => throw new InvalidDataException(
            $"item {result.Index} must have either an output (status succeeded) or an error (status failed)."),
    };

    // JSON can spell half of a surrogate pair, and bytes need not be UTF-8: found now, and not when the line is to be written.
    private static bool IsText(JsonElement output)
    {
        try
        {
            using var writer = new Utf8JsonWriter(Stream.Null, Writing);
            output.WriteTo(writer);
            return true;
        }
        catch (Exception unwritable) when (unwritable is InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }
}
