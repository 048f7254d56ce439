using System.Text.Json;
using System.Text.Json.Nodes;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>Reads whole histories as the Durable Task Framework writes them.</summary>
internal static class WholeHistory
{
    private const string Kind = "EventType";

    /// <summary>Kinds by the numbers that the framework may write instead of their names; replay needs nothing of the others.</summary>
    private static readonly string?[] Kinds =
    [
        "ExecutionStarted", "ExecutionCompleted", null, "ExecutionTerminated", "TaskScheduled", "TaskCompleted", "TaskFailed",
        "SubOrchestrationInstanceCreated", "SubOrchestrationInstanceCompleted", "SubOrchestrationInstanceFailed", "TimerCreated",
        "TimerFired", "OrchestratorStarted", "OrchestratorCompleted", "EventSent", "EventRaised", "ContinueAsNew", null, null,
        "ExecutionSuspended", "ExecutionResumed", "ExecutionRewound",
    ];

    /// <param name="events">An array of events.</param>
    /// <exception cref="JsonException">An event has no kind, or lacks something.</exception>
    public static IReadOnlyList<HistoryEvent> Read(JsonElement events)
        => [.. events.EnumerateArray().Select(ReadEvent).OfType<HistoryEvent>()];

    private static HistoryEvent? ReadEvent(JsonElement e)
    {
        var given = e.TryGetProperty(Kind, out var kind) ? kind : throw new JsonException($"An event has no '{Kind}': {e}");
        var name = given.ValueKind == JsonValueKind.Number
            ? Kinds.ElementAtOrDefault(given.GetInt32())
            : Kinds.FirstOrDefault(known => known == given.GetString());
        if (name is null)
        {
            return null;
        }

        // The kind comes first, by name: that is how the type is known.
        JsonObject ordered = new() { [Kind] = name };
        foreach (var member in e.EnumerateObject().Where(member => member.Name != Kind && member.Value.ValueKind != JsonValueKind.Null))
        {
            ordered[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        }

        return HistoryJson.Read(ordered.ToJsonString());
    }
}
