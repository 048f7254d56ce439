using System.Text;
using System.Text.Json;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// The recorded history of one execution of an orchestration. Two forms are read. The whole one is that of the Durable Task Framework, as
/// <c>DurableTaskClient.GetOrchestrationHistoryAsync</c> returns it. The condensed one is what the HTTP API answers to
/// <c>showHistory=true&amp;showHistoryOutput=true</c>; it leaves out turns and ids.
/// </summary>
public sealed class OrchestrationHistory
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    private OrchestrationHistory(string name, string instanceId) => (Name, InstanceId) = (name, instanceId);

    /// <summary>Name of the orchestrator.</summary>
    public string Name { get; }

    /// <summary>Id of the orchestration.</summary>
    public string InstanceId { get; }

    /// <summary>Whether it has the condensed form of the HTTP API, which allows a coarser check only.</summary>
    public bool IsCondensed => Condensed.Count > 0;

    /// <summary>The events of the whole form; empty for the condensed one.</summary>
    internal IReadOnlyList<HistoryEvent> Whole { get; private init; } = [];

    /// <summary>The events of the condensed form; empty for the whole one.</summary>
    internal IReadOnlyList<CondensedEvent> Condensed { get; private init; } = [];

    /// <summary>Takes a whole history, as a client returns it.</summary>
    /// <param name="events">The events, oldest first.</param>
    /// <exception cref="FormatException">It is not a history; the message says what is wrong.</exception>
    public static OrchestrationHistory Of(IEnumerable<HistoryEvent> events)
    {
        List<HistoryEvent> whole = [.. events];
        var started = whole.OfType<ExecutionStartedEvent>().FirstOrDefault() ?? throw NotStarted();
        return new OrchestrationHistory(started.Name, started.OrchestrationInstance.InstanceId) { Whole = whole };
    }

    /// <summary>Reads a history from a file.</summary>
    /// <exception cref="FormatException">It is not a history; the message says what is wrong.</exception>
    public static OrchestrationHistory Load(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (FormatException exception)
        {
            throw new FormatException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a history from JSON: an array of events, or an object that has them as <c>historyEvents</c>.</summary>
    /// <exception cref="FormatException">It is not a history; the message says what is wrong.</exception>
    public static OrchestrationHistory Parse(string json)
    {
        try
        {
            var root = JsonElement.Parse(json);
            var events = root.ValueKind == JsonValueKind.Array ? root : Member(root, "historyEvents");
            if (events.ValueKind != JsonValueKind.Array)
            {
                throw new FormatException(
                    "It has no 'historyEvents'. Ask the HTTP API for them with showHistory=true&showHistoryOutput=true.");
            }

            // Only the whole form numbers its events.
            return events.EnumerateArray().Any(e => Member(e, nameof(HistoryEvent.EventId)).ValueKind == JsonValueKind.Number)
                ? Of(WholeHistory.Read(events))
                : MakeCondensed(root, events);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new FormatException($"It is not the JSON of a history: {exception.Message}", exception);
        }
    }

    /// <summary>A whole history as JSON, an event a line.</summary>
    /// <exception cref="InvalidOperationException">It is condensed.</exception>
    public string ToJson()
    {
        if (IsCondensed)
        {
            throw new InvalidOperationException("A condensed history is kept as the HTTP API answered it.");
        }

        return new StringBuilder("[\n").AppendJoin(",\n", Whole.Select(HistoryJson.Write)).Append("\n]\n").ToString();
    }

    private static OrchestrationHistory MakeCondensed(JsonElement root, JsonElement events)
    {
        var condensed = events.Deserialize<List<CondensedEvent>>(Options)!;
        var started = condensed.Find(e => e.EventType == nameof(EventType.ExecutionStarted)) ?? throw NotStarted();
        var name = Text(root, "name") ?? started.FunctionName ?? throw new FormatException("Its orchestrator's name is not given.");
        return new OrchestrationHistory(name, Text(root, "instanceId") ?? "replayed") { Condensed = condensed };
    }

    private static FormatException NotStarted() => new("It has no event ExecutionStarted, with which every history begins.");

    private static JsonElement Member(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;

    private static string? Text(JsonElement root, string name)
        => Member(root, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
