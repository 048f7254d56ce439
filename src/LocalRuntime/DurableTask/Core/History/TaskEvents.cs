using System.Text.Json.Serialization;
using DurableTask.Core.Tracing;

namespace DurableTask.Core.History;

/// <summary>The orchestrator called an activity.</summary>
[method: JsonConstructor]
public class TaskScheduledEvent(int eventId, string name, string? version = null, string? input = null)
    : HistoryEvent(EventType.TaskScheduled, eventId), ISupportsDurableTraceContext
{
    public TaskScheduledEvent(int eventId)
        : this(eventId, "")
    {
    }

    public string Name { get; set; } = name;

    public string? Version { get; set; } = version;

    /// <summary>Kept only if host.json says so (<c>storeInputsInOrchestrationHistory</c>).</summary>
    public string? Input { get; set; } = input;

    public IDictionary<string, string>? Tags { get; set; }

    public DistributedTraceContext? ParentTraceContext { get; set; }
}

/// <param name="eventId">-1.</param>
/// <param name="taskScheduledId">Number of the call.</param>
/// <param name="result">As JSON.</param>
public class TaskCompletedEvent(int eventId, int taskScheduledId, string? result) : HistoryEvent(EventType.TaskCompleted, eventId)
{
    public int TaskScheduledId { get; } = taskScheduledId;

    public string? Result { get; } = result;
}

/// <param name="eventId">-1.</param>
/// <param name="taskScheduledId">Number of the call.</param>
/// <param name="reason">The message.</param>
/// <param name="details">More, for people.</param>
/// <param name="failureDetails">What was thrown.</param>
[method: JsonConstructor]
public class TaskFailedEvent(int eventId, int taskScheduledId, string? reason, string? details, FailureDetails? failureDetails)
    : HistoryEvent(EventType.TaskFailed, eventId)
{
    public TaskFailedEvent(int eventId, int taskScheduledId, string? reason, string? details)
        : this(eventId, taskScheduledId, reason, details, null)
    {
    }

    public int TaskScheduledId { get; } = taskScheduledId;

    public string? Reason { get; } = reason;

    public string? Details { get; } = details;

    public FailureDetails? FailureDetails { get; } = failureDetails;
}
