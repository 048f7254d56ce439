using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// What a change of the hub changed in it, piece by piece: applied in order to what was kept of the hub before, they give what is to
/// be kept of it now. Unlike a <see cref="HubChange"/> a row says what is, not what happened, and nothing has to be decided to apply it.
/// </summary>
internal abstract record HubRow;

/// <summary>Numbers that never go back, whatever is purged.</summary>
internal sealed record CountersSet(HubCounters Counters) : HubRow;

/// <summary>An instance is new or has changed: all of it but its lists, which have rows of their own.</summary>
internal sealed record InstanceSet(InstanceHead Head) : HubRow;

/// <summary>An instance is gone, with its lists.</summary>
internal sealed record InstanceRemoved(string InstanceId) : HubRow;

/// <param name="InstanceId">The instance.</param>
/// <param name="Position">Index in its history of the first of the events.</param>
/// <param name="Events">What it gained.</param>
internal sealed record HistoryAppended(string InstanceId, int Position, IReadOnlyList<HistoryEvent> Events) : HubRow;

internal sealed record HistoryCleared(string InstanceId) : HubRow;

internal sealed record InboxAdded(string InstanceId, HistoryEvent Message) : HubRow;

/// <summary>The first messages of an inbox were consumed.</summary>
internal sealed record InboxTaken(string InstanceId, int Count) : HubRow;

internal sealed record TimerAdded(DueTimer Timer) : HubRow;

internal sealed record TimerRemoved(string InstanceId, int TaskId) : HubRow;

internal sealed record ChildAdded(string InstanceId, string ChildId) : HubRow;

internal sealed record ActivityAdded(ActivityWork Work) : HubRow;

internal sealed record ActivityRemoved(ActivityKey Key) : HubRow;

/// <summary>Numbers given out so far.</summary>
/// <param name="Executions">Executions of instances.</param>
/// <param name="Timers">Timers.</param>
/// <param name="HistoryEvents">Events appended to histories.</param>
internal readonly record struct HubCounters(long Executions, long Timers, long HistoryEvents);

/// <summary>An instance without its lists.</summary>
internal sealed record InstanceHead
{
    public required string Id { get; init; }

    public required long Execution { get; init; }

    /// <summary>How the current execution began.</summary>
    public required ExecutionStartedEvent Started { get; init; }

    public required DateTime LastUpdatedAt { get; init; }

    public string? CustomStatus { get; init; }

    public bool HasStarted { get; init; }

    public bool IsSuspended { get; init; }

    public ExecutionCompletedEvent? Completion { get; init; }
}
