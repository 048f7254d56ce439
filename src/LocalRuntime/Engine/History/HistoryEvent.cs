using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// One entry of an orchestration's history. Histories are append-only; replaying one rebuilds the orchestrator's state.
/// All times are UTC, all payloads are text as the data converter made it.
/// </summary>
/// <param name="Timestamp">When it happened.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ExecutionStarted), nameof(ExecutionStarted))]
[JsonDerivedType(typeof(OrchestratorStarted), nameof(OrchestratorStarted))]
[JsonDerivedType(typeof(TaskScheduled), nameof(TaskScheduled))]
[JsonDerivedType(typeof(TaskCompleted), nameof(TaskCompleted))]
[JsonDerivedType(typeof(TaskFailed), nameof(TaskFailed))]
[JsonDerivedType(typeof(TimerCreated), nameof(TimerCreated))]
[JsonDerivedType(typeof(TimerFired), nameof(TimerFired))]
[JsonDerivedType(typeof(SubOrchestrationInstanceCreated), nameof(SubOrchestrationInstanceCreated))]
[JsonDerivedType(typeof(SubOrchestrationInstanceCompleted), nameof(SubOrchestrationInstanceCompleted))]
[JsonDerivedType(typeof(SubOrchestrationInstanceFailed), nameof(SubOrchestrationInstanceFailed))]
[JsonDerivedType(typeof(EventSent), nameof(EventSent))]
[JsonDerivedType(typeof(EventRaised), nameof(EventRaised))]
[JsonDerivedType(typeof(ExecutionSuspended), nameof(ExecutionSuspended))]
[JsonDerivedType(typeof(ExecutionResumed), nameof(ExecutionResumed))]
[JsonDerivedType(typeof(ExecutionTerminated), nameof(ExecutionTerminated))]
[JsonDerivedType(typeof(ContinueAsNew), nameof(ContinueAsNew))]
[JsonDerivedType(typeof(ExecutionCompleted), nameof(ExecutionCompleted))]
internal abstract record HistoryEvent(DateTime Timestamp);

/// <summary>An execution of the orchestrator begins; each ContinueAsNew has its own.</summary>
internal sealed record ExecutionStarted(DateTime Timestamp, string Name, string? Input) : HistoryEvent(Timestamp)
{
    public string Version { get; init; } = "";

    public ParentLink? Parent { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>Where a sub-orchestration's result goes: the execution that called it, and the number of the call.</summary>
internal sealed record ParentLink(string Name, string InstanceId, long Execution, int TaskId);

/// <summary>A turn begins; its time is the orchestrator's time until the next turn.</summary>
internal sealed record OrchestratorStarted(DateTime Timestamp) : HistoryEvent(Timestamp);

internal sealed record EventRaised(DateTime Timestamp, string Name, string? Input) : HistoryEvent(Timestamp);

internal sealed record ExecutionSuspended(DateTime Timestamp, string? Reason) : HistoryEvent(Timestamp);

internal sealed record ExecutionResumed(DateTime Timestamp, string? Reason) : HistoryEvent(Timestamp);

internal sealed record ExecutionTerminated(DateTime Timestamp, string? Output) : HistoryEvent(Timestamp);

/// <summary>The last event of an execution that begins anew with another input.</summary>
internal sealed record ContinueAsNew(DateTime Timestamp, string? Input) : HistoryEvent(Timestamp);

/// <summary>The last event of an orchestration.</summary>
internal sealed record ExecutionCompleted(
    DateTime Timestamp, CompletionStatus Status, string? Result, TaskFailureDetails? Failure) : HistoryEvent(Timestamp);

/// <summary>How an orchestration can end.</summary>
internal enum CompletionStatus
{
    Completed,
    Failed,
    Terminated,
}
