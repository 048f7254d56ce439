using System.Text.Json;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>Histories of the engine in the form of the Durable Task Framework, and back.</summary>
internal static class DurableHistory
{
    private const int NoId = -1;

    /// <param name="instanceId">Whose history it is.</param>
    /// <param name="event">One of its events.</param>
    public static DurableEvent Of(string instanceId, HistoryEvent @event) => @event switch
    {
        ExecutionStarted started => Make(started) with
        {
            Name = started.Name,
            Version = started.Version.Length > 0 ? started.Version : null,
            Input = started.Input,
            Tags = started.Tags is { Count: > 0 } ? started.Tags : null,
            OrchestrationInstance = new DurableInstance(instanceId),
            ParentInstance = started.Parent is { } parent
                ? new DurableParent(parent.Name, new DurableInstance(parent.InstanceId), parent.TaskId)
                : null,
        },
        TaskScheduled task => Make(task, task.TaskId) with { Name = task.Name, Input = task.Input },
        TimerCreated timer => Make(timer, timer.TaskId) with { FireAt = timer.FireAt },
        SubOrchestrationInstanceCreated child => Make(child, child.TaskId) with
        {
            Name = child.Name,
            InstanceId = child.InstanceId,
            Version = child.Version.Length > 0 ? child.Version : null,
            Input = child.Input,
            Tags = child.Tags is { Count: > 0 } ? child.Tags : null,
        },
        EventSent sent => Make(sent, sent.TaskId) with { InstanceId = sent.InstanceId, Name = sent.Name, Input = sent.Input },
        TimerFired fired => Make(fired) with { TimerId = fired.TaskId, FireAt = fired.FireAt },
        TaskCompleted completed => Answer(completed) with { Result = Text(completed.Result) },
        SubOrchestrationInstanceCompleted completed => Answer(completed) with { Result = Text(completed.Result) },
        TaskFailed { Failure: var failure } failed
            => Answer(failed) with { Reason = failure.ErrorMessage, FailureDetails = DurableFailure.Of(failure) },
        SubOrchestrationInstanceFailed { Failure: var failure } failed
            => Answer(failed) with { Reason = failure.ErrorMessage, FailureDetails = DurableFailure.Of(failure) },
        EventRaised raised => Make(raised) with { Name = raised.Name, Input = raised.Input },
        ExecutionSuspended suspended => Make(suspended) with { Reason = suspended.Reason },
        ExecutionResumed resumed => Make(resumed) with { Reason = resumed.Reason },
        ExecutionTerminated terminated => Make(terminated) with { Input = terminated.Output },
        ContinueAsNew again => Make(again) with { OrchestrationStatus = "ContinuedAsNew", Result = Text(again.Input) },
        ExecutionCompleted completed => Make(completed) with
        {
            OrchestrationStatus = completed.Status.ToString(),
            Result = Text(completed.Result ?? completed.Failure?.ErrorMessage),
            FailureDetails = DurableFailure.Of(completed.Failure),
        },
        _ => Make(@event),
    };

    /// <returns>Null for kinds that replay does not need.</returns>
    /// <exception cref="FormatException">It lacks what its kind needs.</exception>
    public static HistoryEvent? ToEngine(DurableEvent e) => e.EventType switch
    {
        "OrchestratorStarted" => new OrchestratorStarted(e.Timestamp),
        "ExecutionStarted" => Started(e),
        "TaskScheduled" => new TaskScheduled(e.Timestamp, Id(e, e.EventId, nameof(e.EventId)), Name(e), e.Input),
        "TimerCreated" => new TimerCreated(e.Timestamp, Id(e, e.EventId, nameof(e.EventId)), FireAt(e)),
        "SubOrchestrationInstanceCreated" => new SubOrchestrationInstanceCreated(
            e.Timestamp, Id(e, e.EventId, nameof(e.EventId)), Name(e), e.InstanceId ?? throw Lacks(e, nameof(e.InstanceId)), e.Input),
        "EventSent" => new EventSent(
            e.Timestamp, Id(e, e.EventId, nameof(e.EventId)), e.InstanceId ?? throw Lacks(e, nameof(e.InstanceId)), Name(e), e.Input),
        "TimerFired" => new TimerFired(e.Timestamp, Id(e, e.TimerId, nameof(e.TimerId)), FireAt(e)),
        "TaskCompleted" or "TaskFailed" or "SubOrchestrationInstanceCompleted" or "SubOrchestrationInstanceFailed"
            => Outcome(e, Id(e, e.TaskScheduledId, nameof(e.TaskScheduledId))),
        "EventRaised" => new EventRaised(e.Timestamp, Name(e), e.Input),
        "ExecutionSuspended" => new ExecutionSuspended(e.Timestamp, e.Reason),
        "ExecutionResumed" => new ExecutionResumed(e.Timestamp, e.Reason),
        "ExecutionTerminated" => new ExecutionTerminated(e.Timestamp, e.Input),
        "ContinueAsNew" => new ContinueAsNew(e.Timestamp, Payload(e.Result)),
        "ExecutionCompleted" when e.OrchestrationStatus == "ContinuedAsNew" => new ContinueAsNew(e.Timestamp, Payload(e.Result)),
        "ExecutionCompleted" => new ExecutionCompleted(
            e.Timestamp,
            Enum.TryParse<CompletionStatus>(e.OrchestrationStatus, out var status) ? status : CompletionStatus.Completed,
            Payload(e.Result),
            e.FailureDetails?.ToDetails()),
        "ExecutionRewound" => throw new FormatException("It was rewound; a rewound history cannot be replayed here."),
        _ => null,
    };

    /// <summary>The answer to an activity or sub-orchestration, its request being known.</summary>
    public static OutcomeEvent Outcome(DurableEvent e, int taskId) => e.EventType switch
    {
        "TaskCompleted" => new TaskCompleted(e.Timestamp, taskId, Payload(e.Result)),
        "SubOrchestrationInstanceCompleted" => new SubOrchestrationInstanceCompleted(e.Timestamp, taskId, Payload(e.Result)),
        "TaskFailed" => new TaskFailed(e.Timestamp, taskId, Failure(e).ToDetails()),
        _ => new SubOrchestrationInstanceFailed(e.Timestamp, taskId, Failure(e).ToDetails()),
    };

    /// <exception cref="FormatException">It lacks its orchestrator's name.</exception>
    public static ExecutionStarted Started(DurableEvent e)
        => new(e.Timestamp, e.Name ?? e.FunctionName ?? throw Lacks(e, nameof(e.Name)), e.Input)
        {
            Version = e.Version ?? "",
            Tags = e.Tags,
            Parent = e.ParentInstance is { } parent
                ? new ParentLink(parent.Name, parent.OrchestrationInstance.InstanceId, 0, parent.TaskScheduleId)
                : null,
        };

    private static DurableEvent Make(HistoryEvent e, int id = NoId)
        => new() { EventType = e.GetType().Name, EventId = id, Timestamp = e.Timestamp };

    private static DurableEvent Answer(OutcomeEvent outcome) => Make(outcome) with { TaskScheduledId = outcome.TaskId };

    private static JsonElement? Text(string? payload) => payload is null ? null : JsonSerializer.SerializeToElement(payload);

    private static string? Payload(JsonElement? text) => text is { ValueKind: JsonValueKind.String } payload ? payload.GetString() : null;

    /// <summary>In-process apps on Azure have a reason and details where isolated ones have failure details.</summary>
    private static DurableFailure Failure(DurableEvent e) => e.FailureDetails ?? new DurableFailure("(unknown)", e.Reason ?? "", e.Details);

    private static int Id(DurableEvent e, int? id, string member) => id ?? throw Lacks(e, member);

    private static string Name(DurableEvent e) => e.Name ?? throw Lacks(e, nameof(e.Name));

    private static DateTime FireAt(DurableEvent e) => e.FireAt ?? throw Lacks(e, nameof(e.FireAt));

    private static FormatException Lacks(DurableEvent e, string member)
        => new($"The event {e.EventType} at {e.Timestamp:o} has no '{member}'.");
}
