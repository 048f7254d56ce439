using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>Kinds of history events; the framework writes their positions here, the HTTP API their names.</summary>
internal sealed class DurableEventKindConverter() : NumberedNameConverter(
    "ExecutionStarted", "ExecutionCompleted", "ExecutionFailed", "ExecutionTerminated", "TaskScheduled", "TaskCompleted", "TaskFailed",
    "SubOrchestrationInstanceCreated", "SubOrchestrationInstanceCompleted", "SubOrchestrationInstanceFailed", "TimerCreated", "TimerFired",
    "OrchestratorStarted", "OrchestratorCompleted", "EventSent", "EventRaised", "ContinueAsNew", "GenericEvent", "HistoryState",
    "ExecutionSuspended", "ExecutionResumed", "ExecutionRewound");

/// <summary>Statuses of orchestrations, likewise.</summary>
internal sealed class DurableStatusConverter() : NumberedNameConverter(
    "Running", "Completed", "ContinuedAsNew", "Failed", "Canceled", "Terminated", "Pending", "Suspended");

/// <summary>Reads a name, or its number, and writes the name.</summary>
internal abstract class NumberedNameConverter(params string[] names) : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number >= 0 && number < names.Length
            ? names[number]
            : throw new JsonException($"A name, or a number from 0 to {names.Length - 1}, was expected.");
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
