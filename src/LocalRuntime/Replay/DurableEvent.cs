using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// A history event in the JSON form of the Durable Task Framework: what <c>DurableTaskClient.GetOrchestrationHistoryAsync</c> returns on
/// Azure, serialized. The HTTP API shows the same events condensed: an answer carries the time and name of its request, which is then left
/// out, as are turns and ids. Members that an event's kind does not have are null and not written. All times are UTC.
/// </summary>
internal sealed record DurableEvent
{
    /// <summary>The kind by name. Read by number too, as the framework writes it.</summary>
    [JsonConverter(typeof(DurableEventKindConverter))]
    public required string EventType { get; init; }

    /// <summary>Number of a request in its execution, from 0; -1 for everything else.</summary>
    public int? EventId { get; init; }

    public DateTime Timestamp { get; init; }

    /// <summary>Condensed form: when the answered request was made.</summary>
    public DateTime? ScheduledTime { get; init; }

    public string? Name { get; init; }

    /// <summary>Condensed form: name of the orchestrator, or of the function that the answered request called.</summary>
    public string? FunctionName { get; init; }

    public string? Version { get; init; }

    public string? InstanceId { get; init; }

    /// <summary>Number of the request that this answers.</summary>
    public int? TaskScheduledId { get; init; }

    /// <summary>Number of the request that made the timer.</summary>
    public int? TimerId { get; init; }

    public DateTime? FireAt { get; init; }

    /// <summary>A payload, as text.</summary>
    public string? Input { get; init; }

    /// <summary>A payload: as text in the whole form, as JSON where the HTTP API shows it.</summary>
    public JsonElement? Result { get; init; }

    [JsonConverter(typeof(DurableStatusConverter))]
    public string? OrchestrationStatus { get; init; }

    public string? Reason { get; init; }

    public string? Details { get; init; }

    public DurableFailure? FailureDetails { get; init; }

    public DurableInstance? OrchestrationInstance { get; init; }

    public DurableParent? ParentInstance { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

internal sealed record DurableInstance(string InstanceId, string? ExecutionId = null);

internal sealed record DurableParent(string Name, DurableInstance OrchestrationInstance, int TaskScheduleId);

internal sealed record DurableFailure(string ErrorType, string ErrorMessage, string? StackTrace = null, DurableFailure? InnerFailure = null)
{
    public static DurableFailure? Of(TaskFailureDetails? failure) => failure is null
        ? null
        : new DurableFailure(failure.ErrorType, failure.ErrorMessage, failure.StackTrace, Of(failure.InnerFailure));

    public TaskFailureDetails ToDetails() => new(ErrorType, ErrorMessage, StackTrace, InnerFailure?.ToDetails(), null);
}
