using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Redrive;

/// <summary>A request to redrive or discard.</summary>
/// <param name="Request">What was asked for; of a discard, a selection alone.</param>
/// <param name="Discard">Whether the items are discarded instead of run.</param>
/// <param name="Fingerprint">SHA-256 of both, in hex.</param>
internal sealed record ReadRedrive(RedriveRequest Request, bool Discard, string Fingerprint);

/// <summary>Reads the bodies of <c>POST /api/jobs/{id}/redrive</c> and <c>/discard</c>; either may be absent, which stands for all parked items.</summary>
internal static class RedriveRequestReader
{
    /// <summary>Most bytes of a body: room for the most ids, each of the longest.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>Reads a request to redrive.</summary>
    /// <exception cref="ProblemException">It is refused.</exception>
    public static async Task<ReadRedrive> RedriveAsync(HttpRequest request, CancellationToken cancellationToken) =>
        Check(await ReadAsync(request, ContractsJson.Wire.RedriveRequest, cancellationToken) ?? new RedriveRequest(), discard: false);

    /// <summary>Reads a request to discard.</summary>
    /// <exception cref="ProblemException">It is refused.</exception>
    public static async Task<ReadRedrive> DiscardAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var selection = await ReadAsync(request, ContractsJson.Wire.ParkedSelection, cancellationToken);
        return Check(new RedriveRequest { Codes = selection?.Codes, Ids = selection?.Ids }, discard: true);
    }

    private static async Task<T?> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var first = await request.BodyReader.ReadAsync(cancellationToken);
        var isAbsent = first.IsCompleted && first.Buffer.IsEmpty;
        request.BodyReader.AdvanceTo(first.Buffer.Start);
        if (isAbsent)
        {
            return null;
        }

        if (!request.HasJsonContentType())
        {
            throw Problems.JsonExpected(request.ContentType, "{\"codes\":[…],\"ids\":[…]}, or no body for all parked items");
        }

        try
        {
            await using var body = new LimitedStream(request.BodyReader.AsStream(), MaxBytes, TooLarge);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw new JsonException("null is no selection.");
        }
        catch (JsonException malformed)
        {
            var (line, column) = (malformed.LineNumber + 1, malformed.BytePositionInLine + 1);
            throw Problems.BadInput($"Line {line}, column {column} of the JSON body: {ItemLines.Reason(malformed)} Nothing was changed.", line, column);
        }
    }

    private static ReadRedrive Check(RedriveRequest request, bool discard)
    {
        CheckList(request.Codes, "codes");
        CheckList(request.Ids, "ids");
        var canonical = JsonSerializer.SerializeToUtf8Bytes(request, ContractsJson.Wire.RedriveRequest);
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData([(byte)(discard ? 'd' : 'r'), .. canonical]));
        return new ReadRedrive(request, discard, fingerprint);
    }

    private static void CheckList(IReadOnlyList<string>? list, string name)
    {
        if (list is { Count: 0 or > JobLimits.MaxListedItems })
        {
            throw Problems.BadOption($"{name} must list 1 to {JobLimits.MaxListedItems}; leave it out to have all.");
        }

        // The deserializer checks properties for null, but not the elements of lists.
        if (list?.FirstOrDefault(text => text is not { Length: > 0 and <= JobLimits.MaxNameLength }) is not null || list?.Contains(null!) == true)
        {
            throw Problems.BadOption($"{name} must list strings of 1 to {JobLimits.MaxNameLength} characters.");
        }
    }

    private static ProblemException TooLarge() => Problems.TooLarge($"A selection has at most {MaxBytes} bytes; select by codes, or in several calls.");
}
