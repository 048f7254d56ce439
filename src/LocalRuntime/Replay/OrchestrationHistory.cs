using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// The recorded history of one execution of an orchestration, as JSON of Durable Functions. Two forms are read. The whole one is that of
/// the Durable Task Framework: what <c>DurableTaskClient.GetOrchestrationHistoryAsync</c> returns, serialized. The condensed one is what the
/// HTTP API answers to <c>showHistory=true&amp;showHistoryOutput=true</c>; it leaves out turns and ids.
/// </summary>
public sealed class OrchestrationHistory
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNameCaseInsensitive = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private OrchestrationHistory(string name, string instanceId, IReadOnlyList<DurableEvent> events)
    {
        (Name, InstanceId, Events) = (name, instanceId, events);
        IsCondensed = events.All(e => e.EventType != nameof(OrchestratorStarted));
    }

    /// <summary>Name of the orchestrator.</summary>
    public string Name { get; }

    /// <summary>Id of the orchestration.</summary>
    public string InstanceId { get; }

    /// <summary>Whether it has the condensed form of the HTTP API, which allows a coarser check only.</summary>
    public bool IsCondensed { get; }

    internal IReadOnlyList<DurableEvent> Events { get; }

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
    /// <param name="json">The history.</param>
    /// <param name="instanceId">Id of the orchestration, for an array of condensed events, which do not say it.</param>
    /// <exception cref="FormatException">It is not a history; the message says what is wrong.</exception>
    public static OrchestrationHistory Parse(string json, string? instanceId = null)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Array
                ? Make(root, null, instanceId)
                : Make(Member(root, "historyEvents"), Text(root, "name"), instanceId ?? Text(root, "instanceId"));
        }
        catch (JsonException exception)
        {
            throw new FormatException($"It is not the JSON of a history: {exception.Message}", exception);
        }
    }

    /// <summary>Takes the history of the current execution of an orchestration from an app that runs on the local runtime.</summary>
    /// <param name="services">Services of the app's host.</param>
    /// <param name="instanceId">The orchestration.</param>
    /// <exception cref="ArgumentException">There is no such orchestration, or it has not begun.</exception>
    public static OrchestrationHistory Read(IServiceProvider services, string instanceId)
    {
        var engine = services.GetRequiredService<OrchestrationEngine>();
        var (name, events) = engine.Read(hub => (hub.Find(instanceId)?.Name, hub.Find(instanceId)?.History.ToList()));
        return name is not null && events is { Count: > 0 }
            ? Of(name, instanceId, events)
            : throw new ArgumentException($"The orchestration '{instanceId}' does not exist or has not begun.", nameof(instanceId));
    }

    /// <summary>The history as JSON, an event a line.</summary>
    public string ToJson()
    {
        var json = new StringBuilder()
            .Append("{\n  \"name\": ").Append(JsonSerializer.Serialize(Name, Options))
            .Append(",\n  \"instanceId\": ").Append(JsonSerializer.Serialize(InstanceId, Options))
            .Append(",\n  \"historyEvents\": [\n");
        json.AppendJoin(",\n", Events.Select(e => "    " + JsonSerializer.Serialize(e, Options)));
        return json.Append("\n  ]\n}\n").ToString();
    }

    /// <summary>A history of the engine in the whole form.</summary>
    internal static OrchestrationHistory Of(string name, string instanceId, IEnumerable<HistoryEvent> events)
        => new(name, instanceId, [.. events.Select(e => DurableHistory.Of(instanceId, e))]);

    private static OrchestrationHistory Make(JsonElement array, string? name, string? instanceId)
    {
        if (array.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException(
                "It has no 'historyEvents'. Ask the HTTP API for them with showHistory=true&showHistoryOutput=true.");
        }

        var events = array.Deserialize<List<DurableEvent>>(Options)!;
        var started = events.Find(e => e.EventType == nameof(ExecutionStarted))
            ?? throw new FormatException("It has no event ExecutionStarted, with which every history begins.");
        var history = new OrchestrationHistory(
            name ?? started.Name ?? started.FunctionName ?? throw new FormatException("Its orchestrator's name is not given."),
            instanceId ?? started.OrchestrationInstance?.InstanceId ?? "replayed",
            events);
        return history.IsCondensed ? new OrchestrationHistory(history.Name, history.InstanceId, [.. events.Select(AsText)]) : history;
    }

    /// <summary>The HTTP API parses results; replay needs the text.</summary>
    private static DurableEvent AsText(DurableEvent e)
        => e.Result is { } result ? e with { Result = JsonSerializer.SerializeToElement(result.GetRawText()) } : e;

    private static JsonElement Member(JsonElement root, string name)
        => root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var member) ? member : default;

    private static string? Text(JsonElement root, string name)
        => Member(root, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
