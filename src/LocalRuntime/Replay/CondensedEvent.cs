using System.Text.Json;
using System.Text.Json.Serialization;
using DurableTask.Core;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// A history event as the HTTP API of Durable Functions shows it: without ids, an answered request as its answer only. Names are those of the
/// API; members that an event's kind does not have are null and not written. All times are UTC.
/// </summary>
internal sealed record CondensedEvent
{
    public required string EventType { get; init; }

    public DateTime Timestamp { get; init; }

    /// <summary>When the answered request was made.</summary>
    public DateTime? ScheduledTime { get; init; }

    /// <summary>Name of the orchestrator, or of the function that the answered request called.</summary>
    public string? FunctionName { get; init; }

    /// <summary>Name of an open request's function, or of an event.</summary>
    public string? Name { get; init; }

    /// <summary>Instance that an open request is about.</summary>
    public string? InstanceId { get; init; }

    public DateTime? FireAt { get; init; }

    /// <summary>A payload, as text.</summary>
    public string? Input { get; init; }

    /// <summary>A payload, as JSON; undefined, and not written, where results are not shown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JsonElement Result { get; init; }

    public string? OrchestrationStatus { get; init; }

    public string? Reason { get; init; }

    public string? Details { get; init; }

    public FailureDetails? FailureDetails { get; init; }
}
