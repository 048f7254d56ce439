using System.Text.Json.Serialization;

namespace DurableTask.Core.History;

/// <summary>The orchestrator called another one.</summary>
public class SubOrchestrationInstanceCreatedEvent(int eventId) : HistoryEvent(EventType.SubOrchestrationInstanceCreated, eventId)
{
    public string Name { get; set; } = "";

    public string? Version { get; set; }

    public string InstanceId { get; set; } = "";

    /// <summary>Kept only if host.json says so (<c>storeInputsInOrchestrationHistory</c>).</summary>
    public string? Input { get; set; }

    public IDictionary<string, string>? Tags { get; set; }
}

/// <param name="eventId">-1.</param>
/// <param name="taskScheduledId">Number of the call.</param>
/// <param name="result">As JSON.</param>
public class SubOrchestrationInstanceCompletedEvent(int eventId, int taskScheduledId, string? result)
    : HistoryEvent(EventType.SubOrchestrationInstanceCompleted, eventId)
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
public class SubOrchestrationInstanceFailedEvent(
    int eventId, int taskScheduledId, string? reason, string? details, FailureDetails? failureDetails)
    : HistoryEvent(EventType.SubOrchestrationInstanceFailed, eventId)
{
    public SubOrchestrationInstanceFailedEvent(int eventId, int taskScheduledId, string? reason, string? details)
        : this(eventId, taskScheduledId, reason, details, null)
    {
    }

    public int TaskScheduledId { get; } = taskScheduledId;

    public string? Reason { get; } = reason;

    public string? Details { get; } = details;

    public FailureDetails? FailureDetails { get; } = failureDetails;
}
