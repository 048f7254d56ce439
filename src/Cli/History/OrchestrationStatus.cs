using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Cli.History;

/// <summary>An orchestration with its history, as the HTTP API of Durable Functions shows it.</summary>
internal sealed record OrchestrationStatus
{
    /// <summary>Name of the orchestrator.</summary>
    public required string Name { get; init; }

    /// <summary>Id of the orchestration.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Running, Completed, Failed, ...</summary>
    public required string RuntimeStatus { get; init; }

    /// <summary>What it returned, or the message that it failed with.</summary>
    public JsonElement? Output { get; init; }

    /// <summary>When it was last heard of (UTC).</summary>
    public DateTimeOffset LastUpdatedTime { get; init; }

    /// <summary>What happened, oldest first; absent before it has begun.</summary>
    public IReadOnlyList<OrchestrationEvent>? HistoryEvents { get; init; }

    /// <summary>Whether nothing more will happen.</summary>
    [JsonIgnore]
    public bool HasEnded => RuntimeStatus is "Completed" or "Failed" or "Terminated" or "Canceled";
}

/// <summary>One event of a history. An answered request appears as its answer only.</summary>
internal sealed record OrchestrationEvent
{
    /// <summary>Kind of the event.</summary>
    public required string EventType { get; init; }

    /// <summary>When it happened (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Of an answer: when the request was made.</summary>
    public DateTimeOffset? ScheduledTime { get; init; }

    /// <summary>Of an answer: the function that answered.</summary>
    public string? FunctionName { get; init; }

    /// <summary>Of an open request: the function; of an event, its name.</summary>
    public string? Name { get; init; }

    /// <summary>Of a sub-orchestration: its id; Azure leaves it out of answers.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Of a timer: when it is due.</summary>
    public DateTimeOffset? FireAt { get; init; }

    /// <summary>Input of the orchestration, as JSON text.</summary>
    public string? Input { get; init; }

    /// <summary>What a function returned.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Why something failed, or was suspended.</summary>
    public string? Reason { get; init; }

    /// <summary>How something failed.</summary>
    public OrchestrationFailure? FailureDetails { get; init; }

    /// <summary>How the orchestration ended.</summary>
    public string? OrchestrationStatus { get; init; }
}

/// <summary>What was thrown.</summary>
internal sealed record OrchestrationFailure(string? ErrorType, string? ErrorMessage);

/// <summary>Reads the HTTP API of Durable Functions, which has names in camel case for statuses and in Pascal case for events.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(OrchestrationStatus))]
[JsonSerializable(typeof(JsonDocument))]
internal sealed partial class OrchestrationJson : JsonSerializerContext;
