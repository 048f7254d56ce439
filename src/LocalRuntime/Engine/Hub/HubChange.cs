using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// A change of the task hub. Each is complete in itself (no clock, no randomness is needed to apply it), so that writing the changes
/// down in their order, and applying them again, restores the hub.
/// </summary>
internal abstract record HubChange;

/// <summary>A client starts an orchestration, in place of one of the same id if there is one; if that one still runs, it is terminated.</summary>
/// <param name="InstanceId">Id of the instance.</param>
/// <param name="Started">The first event of its history; its time is the time of creation.</param>
internal sealed record InstanceCreated(string InstanceId, ExecutionStartedEvent Started) : HubChange;

/// <summary>A client sends an event, or suspends, resumes or terminates; dropped if the instance is gone or has completed.</summary>
internal sealed record MessageSent(string InstanceId, HistoryEvent Message) : HubChange;

/// <summary>An activity ran to its end; its result is dropped if the execution that called it is over.</summary>
internal sealed record ActivityFinished(ActivityKey Key, HistoryEvent Outcome) : HubChange;

/// <summary>A timer is due.</summary>
/// <param name="InstanceId">Its instance.</param>
/// <param name="TaskId">Number of the request that made it, or <see cref="DueTimer.StartTaskId"/>.</param>
/// <param name="At">The time now, which is not before the due time.</param>
internal sealed record TimerElapsed(string InstanceId, int TaskId, DateTime At) : HubChange;

/// <summary>
/// A turn of an orchestrator ended: messages consumed, history appended and new requests made, all in one record. What leaves the
/// instance (activities, timers, sub-orchestrations, events, the result for its parent) follows from the events.
/// </summary>
/// <param name="InstanceId">Its instance.</param>
/// <param name="Execution">Its execution; nothing happens if that is over.</param>
/// <param name="Consumed">How many messages of the inbox the turn took.</param>
/// <param name="Events">What the history gains, those messages included.</param>
/// <param name="CanceledTimers">Requests whose timers are not needed any more.</param>
/// <param name="CustomStatus">The custom status from now on.</param>
/// <param name="Next">What the next execution begins with, if the last event is <see cref="ContinueAsNewEvent"/>.</param>
internal sealed record TurnCommitted(
    string InstanceId,
    long Execution,
    int Consumed,
    IReadOnlyList<HistoryEvent> Events,
    IReadOnlyList<int> CanceledTimers,
    string? CustomStatus,
    IReadOnlyList<HistoryEvent>? Next) : HubChange;

/// <summary>A failed instance, and those failed ones that it called, go on as if what failed had not been tried yet.</summary>
internal sealed record InstanceRewound(string InstanceId, string? Reason, DateTime At) : HubChange;

/// <summary>Completed instances are forgotten.</summary>
internal sealed record InstancesPurged(IReadOnlyList<string> InstanceIds) : HubChange;
