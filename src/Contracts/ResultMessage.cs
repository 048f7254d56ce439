using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// The body of a message on <c>results</c>: one chunk's answer. Either <see cref="Results"/> or <see cref="Blob"/> is present.
/// </summary>
public sealed record ResultMessage
{
    /// <summary>Which chunk answers.</summary>
    public required ChunkId Id { get; init; }

    /// <summary>One result per item of the chunk, inline.</summary>
    public IReadOnlyList<ItemResult>? Results { get; init; }

    /// <summary>Where the results lie as NDJSON lines of <see cref="ItemResult"/>, when they are too large to travel.</summary>
    public BlobRange? Blob { get; init; }
}

/// <summary>How an item ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ItemStatus>))]
public enum ItemStatus
{
    /// <summary>The model answered.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>The item failed for good.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>Tokens of a call to a language model.</summary>
/// <param name="InputTokens">Of what was sent.</param>
/// <param name="OutputTokens">Of what was answered.</param>
public sealed record TokenUsage(long InputTokens, long OutputTokens);

/// <summary>One line of a job's results or errors.</summary>
public sealed record ItemResult
{
    /// <summary>Position of the item in the input, 0-based.</summary>
    public required long Index { get; init; }

    /// <summary>The item's id.</summary>
    public required string Id { get; init; }

    /// <summary>The item's key, if it has one.</summary>
    public string? Key { get; init; }

    /// <summary>How the item ended.</summary>
    public required ItemStatus Status { get; init; }

    /// <summary>What the model answered; present if the item succeeded.</summary>
    [JsonConverter(typeof(NullIsAValueConverter))]
    public JsonElement? Output { get; init; }

    /// <summary>Why the item failed; present if it did.</summary>
    public JobError? Error { get; init; }

    /// <summary>How often the model was asked, the last time included; 0 if it never was.</summary>
    public required int Attempts { get; init; }

    /// <summary>Tokens that the answer cost; absent for models that do not count them.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>The item's <c>meta</c>, as submitted.</summary>
    [JsonConverter(typeof(NullIsAValueConverter))]
    public JsonElement? Meta { get; init; }
}
