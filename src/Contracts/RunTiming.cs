using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// What a node measured of its run of a chunk, since its last answer for it. A node is one place of one instance: it runs one chunk at a time.
/// docs/capacity.md says what the times are for.
/// </summary>
public sealed record RunTiming
{
    /// <summary>Name of the instance.</summary>
    public required string Instance { get; init; }

    /// <summary>Number of its place, 0-based: an instance that has run k chunks at once has had places 0 to k-1.</summary>
    public int Slot { get; init; }

    /// <summary>Runs that were begun; 0 in the second answer of one. More than one where runs before this one had nothing to answer.</summary>
    public int Runs { get; init; }

    /// <summary>Time in the model (Tc).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Task { get; init; }

    /// <summary>Time from the receipt of the message to this answer, less <see cref="Task"/>: control, loading, waits for the model's limits, back-off (Tq, its first part).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Balance { get; init; }

    /// <summary>How long the node had waited for the message, once it was free and the message was there (Tp).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Idle { get; init; }

    /// <summary>How long the message had waited in its queue.</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Wait { get; init; }

    /// <summary>Runs before this one whose ends <see cref="Tail"/> has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Tails { get; init; }

    /// <summary>From the last answers of those runs until their node was free: sending, completing the message (Tq, its second part).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Tail { get; init; }

    /// <summary>How often items were given to the model.</summary>
    public long Attempts { get; init; }

    /// <summary>Calls that the model's endpoint refused because there were too many.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Throttled { get; init; }

    /// <summary>Tokens sent to the model.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long InputTokens { get; init; }

    /// <summary>Tokens that the model answered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long OutputTokens { get; init; }

    /// <summary>When the message was received, in milliseconds since 1970 (UTC).</summary>
    public long ReceivedAt { get; init; }

    /// <summary>When this answer was made, in milliseconds since 1970 (UTC).</summary>
    public long AnsweredAt { get; init; }
}

/// <summary>A length of time as a whole number of microseconds: short, and exact when added up.</summary>
public sealed class MicrosecondsConverter : JsonConverter<TimeSpan>
{
    /// <inheritdoc/>
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        const long Most = long.MaxValue / TimeSpan.TicksPerMicrosecond;
        return reader.GetInt64() is >= 0 and <= Most and var microseconds
            ? new TimeSpan(microseconds * TimeSpan.TicksPerMicrosecond)
            : throw new JsonException("A length of time is out of range.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Ticks / TimeSpan.TicksPerMicrosecond);
}
