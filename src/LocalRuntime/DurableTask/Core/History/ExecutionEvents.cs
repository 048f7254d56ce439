using System.Text.Json.Serialization;
using DurableTask.Core.Tracing;

namespace DurableTask.Core.History;

/// <summary>An execution of the orchestrator begins; each ContinueAsNew has its own.</summary>
public class ExecutionStartedEvent(int eventId, string? input)
    : HistoryEvent(EventType.ExecutionStarted, eventId), ISupportsDurableTraceContext
{
    /// <summary>The instance and the execution that begins.</summary>
#pragma warning disable CA1051 // The vendor's type has a field here.
    public OrchestrationInstance OrchestrationInstance = new();
#pragma warning restore CA1051

    public string Name { get; set; } = "";

    public string? Version { get; set; }

    public string? Input { get; set; } = input;

    /// <summary>Where a sub-orchestration's result goes.</summary>
    public ParentInstance? ParentInstance { get; set; }

    public IDictionary<string, string>? Tags { get; set; }

    /// <summary>When the orchestrator first runs, if that was to be later than its creation.</summary>
    public DateTime? ScheduledStartTime { get; set; }

    public DistributedTraceContext? ParentTraceContext { get; set; }
}

/// <summary>The last event of an orchestration, before the end of its turn.</summary>
[method: JsonConstructor]
public class ExecutionCompletedEvent(
    int eventId, string? result, OrchestrationStatus orchestrationStatus, FailureDetails? failureDetails = null)
    : HistoryEvent(
        orchestrationStatus == OrchestrationStatus.ContinuedAsNew ? EventType.ContinueAsNew : EventType.ExecutionCompleted, eventId)
{
    public OrchestrationStatus OrchestrationStatus { get; } = orchestrationStatus;

    /// <summary>The output as JSON; of a failed orchestration, the message.</summary>
    public string? Result { get; } = result;

    public FailureDetails? FailureDetails { get; } = failureDetails;
}

/// <summary>The last event of an execution that begins anew; <see cref="ExecutionCompletedEvent.Result"/> is the next one's input.</summary>
public class ContinueAsNewEvent : ExecutionCompletedEvent
{
    public ContinueAsNewEvent(int eventId, string? input)
        : base(eventId, input, OrchestrationStatus.ContinuedAsNew)
    {
    }

    [JsonConstructor]
    internal ContinueAsNewEvent(int eventId, string? result, OrchestrationStatus orchestrationStatus)
        : base(eventId, result, orchestrationStatus)
    {
    }
}

/// <summary>A client ends the orchestration; <see cref="Input"/> becomes its output.</summary>
public class ExecutionTerminatedEvent(int eventId, string? input) : HistoryEvent(EventType.ExecutionTerminated, eventId)
{
    public string? Input { get; set; } = input;
}

/// <summary>From here on messages wait for a <see cref="ExecutionResumedEvent"/>.</summary>
public class ExecutionSuspendedEvent(int eventId, string? reason) : HistoryEvent(EventType.ExecutionSuspended, eventId)
{
    public string? Reason { get; set; } = reason;
}

public class ExecutionResumedEvent(int eventId, string? reason) : HistoryEvent(EventType.ExecutionResumed, eventId)
{
    public string? Reason { get; set; } = reason;
}

/// <summary>A failed orchestration goes on as if what made it fail had not been tried yet.</summary>
[method: JsonConstructor]
public class ExecutionRewoundEvent(int eventId, string? reason)
    : HistoryEvent(EventType.ExecutionRewound, eventId), ISupportsDurableTraceContext
{
    public ExecutionRewoundEvent(int eventId)
        : this(eventId, null)
    {
    }

    public string? Reason { get; set; } = reason;

    /// <summary>The new execution of the parent, if the parent was rewound.</summary>
    public string? ParentExecutionId { get; set; }

    public string? InstanceId { get; set; }

    public DistributedTraceContext? ParentTraceContext { get; set; }
}
