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

    /// <summary>What the run measured that the answer comes from; absent from answers that are given without a run.</summary>
    public RunTiming? Timing { get; init; }
}

/// <summary>How an item ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ItemStatus>))]
public enum ItemStatus
{
    /// <summary>The model answered.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded,

    /// <summary>The item failed for good. It is parked: it waits for a person to redrive or discard it.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The item was not run to its end: the job was ended early, or an earlier item of its key failed. It can be redriven.</summary>
    [JsonStringEnumMemberName("canceled")]
    Canceled,

    /// <summary>The item had failed or was canceled, and a person has discarded it.</summary>
    [JsonStringEnumMemberName("discarded")]
    Discarded,
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

    /// <summary>What befell the messages that the item travelled in, oldest first; present if it failed because its worker was lost with it.</summary>
    public IReadOnlyList<DeliveryRecord>? History { get; init; }

    /// <summary>Tokens that the answer cost; absent for models that do not count them.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>The item's <c>meta</c>, as submitted.</summary>
    [JsonConverter(typeof(NullIsAValueConverter))]
    public JsonElement? Meta { get; init; }
}

/// <summary>A message that was given up.</summary>
/// <param name="At">When that was noticed (UTC).</param>
/// <param name="Reason">Why, as the dead letter says.</param>
/// <param name="Deliveries">How often the message was delivered.</param>
/// <param name="Items">How many items travelled in it.</param>
/// <param name="Description">More about it, if the dead letter says more.</param>
public sealed record DeliveryRecord(DateTimeOffset At, string Reason, int Deliveries, int Items, string? Description = null);
