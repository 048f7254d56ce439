using System.Runtime.Serialization;
using System.Text.Json.Serialization;

namespace DurableTask.Core.History;

/// <summary>
/// One entry of an orchestration's history. Histories are append-only; replaying one rebuilds the orchestrator's state. All payloads are
/// text as the data converter made it. Events are not changed once they are in a history.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = nameof(EventType))]
[JsonDerivedType(typeof(ExecutionStartedEvent), nameof(EventType.ExecutionStarted))]
[JsonDerivedType(typeof(ExecutionCompletedEvent), nameof(EventType.ExecutionCompleted))]
[JsonDerivedType(typeof(ExecutionTerminatedEvent), nameof(EventType.ExecutionTerminated))]
[JsonDerivedType(typeof(TaskScheduledEvent), nameof(EventType.TaskScheduled))]
[JsonDerivedType(typeof(TaskCompletedEvent), nameof(EventType.TaskCompleted))]
[JsonDerivedType(typeof(TaskFailedEvent), nameof(EventType.TaskFailed))]
[JsonDerivedType(typeof(SubOrchestrationInstanceCreatedEvent), nameof(EventType.SubOrchestrationInstanceCreated))]
[JsonDerivedType(typeof(SubOrchestrationInstanceCompletedEvent), nameof(EventType.SubOrchestrationInstanceCompleted))]
[JsonDerivedType(typeof(SubOrchestrationInstanceFailedEvent), nameof(EventType.SubOrchestrationInstanceFailed))]
[JsonDerivedType(typeof(TimerCreatedEvent), nameof(EventType.TimerCreated))]
[JsonDerivedType(typeof(TimerFiredEvent), nameof(EventType.TimerFired))]
[JsonDerivedType(typeof(OrchestratorStartedEvent), nameof(EventType.OrchestratorStarted))]
[JsonDerivedType(typeof(OrchestratorCompletedEvent), nameof(EventType.OrchestratorCompleted))]
[JsonDerivedType(typeof(EventSentEvent), nameof(EventType.EventSent))]
[JsonDerivedType(typeof(EventRaisedEvent), nameof(EventType.EventRaised))]
[JsonDerivedType(typeof(ContinueAsNewEvent), nameof(EventType.ContinueAsNew))]
[JsonDerivedType(typeof(ExecutionSuspendedEvent), nameof(EventType.ExecutionSuspended))]
[JsonDerivedType(typeof(ExecutionResumedEvent), nameof(EventType.ExecutionResumed))]
[JsonDerivedType(typeof(ExecutionRewoundEvent), nameof(EventType.ExecutionRewound))]
public abstract class HistoryEvent : IExtensibleDataObject
{
    /// <summary>The <see cref="EventId"/> of an event that is no request of the orchestrator.</summary>
    internal const int NoId = -1;

    private protected HistoryEvent(EventType eventType, int eventId) => (EventType, EventId) = (eventType, eventId);

    /// <summary>The number of the orchestrator's request in its execution, from 0; -1 for events that are none.</summary>
    [JsonPropertyOrder(-2)]
    public int EventId { get; }

    /// <summary>When it happened, UTC.</summary>
    [JsonPropertyOrder(-1)]
    public DateTime Timestamp { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsPlayed { get; set; }

    [JsonIgnore]
    public virtual EventType EventType { get; }

    [JsonIgnore]
    public ExtensionDataObject? ExtensionData { get; set; }
}
