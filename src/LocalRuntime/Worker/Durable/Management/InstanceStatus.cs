using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>An orchestration as the HTTP API shows it. Names and order are those of Durable Functions; times are UTC, to the second.</summary>
internal sealed record InstanceStatus
{
    public required string Name { get; init; }

    public required string InstanceId { get; init; }

    public required string RuntimeStatus { get; init; }

    public JsonElement? Input { get; init; }

    public JsonElement? CustomStatus { get; init; }

    public JsonElement? Output { get; init; }

    public required string CreatedTime { get; init; }

    public required string LastUpdatedTime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<CondensedEvent>? HistoryEvents { get; init; }

    /// <param name="metadata">With inputs and outputs.</param>
    /// <param name="showInput">Whether to show the input.</param>
    /// <param name="history">The history to show; null for none.</param>
    public static InstanceStatus Of(OrchestrationMetadata metadata, bool showInput, IReadOnlyList<CondensedEvent>? history = null) => new()
    {
        Name = metadata.Name,
        InstanceId = metadata.InstanceId,
        RuntimeStatus = metadata.RuntimeStatus.ToString(),
        Input = showInput ? PayloadJson.Read(metadata.SerializedInput) : null,
        CustomStatus = PayloadJson.Read(metadata.SerializedCustomStatus),
        Output = PayloadJson.Read(metadata.SerializedOutput),
        CreatedTime = Time(metadata.CreatedAt),
        LastUpdatedTime = Time(metadata.LastUpdatedAt),
        HistoryEvents = history,
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("s", CultureInfo.InvariantCulture) + "Z";
}

/// <summary>How the HTTP API writes JSON.</summary>
internal static class ManagementJson
{
    /// <summary>Camel case, nulls written; events have their own names and leave out what they lack.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new EventConverter() },
    };

    private sealed class EventConverter : JsonConverter<CondensedEvent>
    {
        private static readonly JsonSerializerOptions OwnNames = new()
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

        public override CondensedEvent? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => JsonSerializer.Deserialize<CondensedEvent>(ref reader, OwnNames);

        public override void Write(Utf8JsonWriter writer, CondensedEvent value, JsonSerializerOptions options)
            => JsonSerializer.Serialize(writer, value, OwnNames);
    }
}
