using DurableTask.Core;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Tests.Engine;

/// <summary>Makes events, at one time.</summary>
internal sealed class Events(DateTime now)
{
    private const int None = HistoryEvent.NoId;

    public ExecutionStartedEvent Started(string name, string? input = null, DateTime? startAt = null)
        => At(new ExecutionStartedEvent(None, input) { Name = name, ScheduledStartTime = startAt });

    public ContinueAsNewEvent Again(string? input) => At(new ContinueAsNewEvent(None, input));

    public ExecutionCompletedEvent Completed(string? output) => At(new ExecutionCompletedEvent(None, output, OrchestrationStatus.Completed));

    public ExecutionCompletedEvent Failed(FailureDetails failure)
        => At(new ExecutionCompletedEvent(None, failure.ErrorMessage, OrchestrationStatus.Failed, failure));

    public ExecutionTerminatedEvent Terminated(string? output) => At(new ExecutionTerminatedEvent(None, output));

    public ExecutionSuspendedEvent Suspended(string? reason = null) => At(new ExecutionSuspendedEvent(None, reason));

    public ExecutionResumedEvent Resumed(string? reason = null) => At(new ExecutionResumedEvent(None, reason));

    public ExecutionRewoundEvent Rewound(string? reason) => At(new ExecutionRewoundEvent(None, reason));

    public OrchestratorStartedEvent TurnBegins() => At(new OrchestratorStartedEvent(None));

    public OrchestratorCompletedEvent TurnEnds() => At(new OrchestratorCompletedEvent(None));

    public TaskScheduledEvent Task(int id, string name, string? input = null) => At(new TaskScheduledEvent(id, name, null, input));

    public TaskCompletedEvent TaskDone(int id, string? result) => At(new TaskCompletedEvent(None, id, result));

    public TaskFailedEvent TaskFailed(int id, FailureDetails failure)
        => At(new TaskFailedEvent(None, id, failure.ErrorMessage, null, failure));

    public TimerCreatedEvent Timer(int id, DateTime fireAt) => At(new TimerCreatedEvent(id, fireAt));

    public TimerFiredEvent TimerFired(int id, DateTime fireAt) => At(new TimerFiredEvent(None, fireAt) { TimerId = id });

    public SubOrchestrationInstanceCreatedEvent Child(int id, string name, string instanceId, string? input = null)
        => At(new SubOrchestrationInstanceCreatedEvent(id) { Name = name, InstanceId = instanceId, Input = input });

    public SubOrchestrationInstanceCompletedEvent ChildDone(int id, string? result)
        => At(new SubOrchestrationInstanceCompletedEvent(None, id, result));

    public SubOrchestrationInstanceFailedEvent ChildFailed(int id, FailureDetails failure)
        => At(new SubOrchestrationInstanceFailedEvent(None, id, failure.ErrorMessage, null, failure));

    public EventSentEvent Sent(int id, string instanceId, string name, string? input)
        => At(new EventSentEvent(id) { InstanceId = instanceId, Name = name, Input = input });

    public EventRaisedEvent Raised(string name, string? input) => At(new EventRaisedEvent(None, input) { Name = name });

    private T At<T>(T made)
        where T : HistoryEvent
    {
        made.Timestamp = now;
        return made;
    }
}
