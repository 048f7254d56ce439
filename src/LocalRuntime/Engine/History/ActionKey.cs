using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

internal enum ActionKind
{
    Activity,
    Timer,
    SubOrchestration,
    Event,
}

/// <summary>
/// What replay compares of a request. A timer's due time is left out, as in Azure: the time in the history is the one that counts.
/// </summary>
internal readonly record struct ActionKey(int TaskId, ActionKind Kind, string? Name = null, string? InstanceId = null)
{
    /// <returns>Null if the event is no request of the orchestrator.</returns>
    public static ActionKey? Of(HistoryEvent recorded) => recorded switch
    {
        TaskScheduledEvent task => new(task.EventId, ActionKind.Activity, task.Name),
        TimerCreatedEvent timer => new(timer.EventId, ActionKind.Timer),
        SubOrchestrationInstanceCreatedEvent child => new(child.EventId, ActionKind.SubOrchestration, child.Name, child.InstanceId),
        EventSentEvent sent => new(sent.EventId, ActionKind.Event, sent.Name, sent.InstanceId),
        _ => null,
    };

    public bool Matches(ActionKey other)
        => TaskId == other.TaskId
            && Kind == other.Kind
            && string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase)
            && InstanceId == other.InstanceId;

    public override string ToString() => Kind switch
    {
        ActionKind.Activity => $"activity '{Name}' (#{TaskId})",
        ActionKind.Timer => $"a timer (#{TaskId})",
        ActionKind.SubOrchestration => $"sub-orchestration '{Name}' with id '{InstanceId}' (#{TaskId})",
        _ => $"event '{Name}' to '{InstanceId}' (#{TaskId})",
    };
}
