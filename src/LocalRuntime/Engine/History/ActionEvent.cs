namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Something that the orchestrator asked for. Replay must ask for the same, in the same order.</summary>
/// <param name="Timestamp">The time of the turn that asked.</param>
/// <param name="TaskId">Number of the request in its execution, from 0.</param>
internal abstract record ActionEvent(DateTime Timestamp, int TaskId) : HistoryEvent(Timestamp)
{
    public abstract ActionKey Key { get; }
}

internal sealed record TaskScheduled(DateTime Timestamp, int TaskId, string Name, string? Input) : ActionEvent(Timestamp, TaskId)
{
    public override ActionKey Key => new(TaskId, ActionKind.Activity, Name);
}

internal sealed record TimerCreated(DateTime Timestamp, int TaskId, DateTime FireAt) : ActionEvent(Timestamp, TaskId)
{
    public override ActionKey Key => new(TaskId, ActionKind.Timer);
}

internal sealed record SubOrchestrationInstanceCreated(
    DateTime Timestamp, int TaskId, string Name, string InstanceId, string? Input) : ActionEvent(Timestamp, TaskId)
{
    public string Version { get; init; } = "";

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public override ActionKey Key => new(TaskId, ActionKind.SubOrchestration, Name, InstanceId);
}

internal sealed record EventSent(DateTime Timestamp, int TaskId, string InstanceId, string Name, string? Input)
    : ActionEvent(Timestamp, TaskId)
{
    public override ActionKey Key => new(TaskId, ActionKind.Event, Name, InstanceId);
}
