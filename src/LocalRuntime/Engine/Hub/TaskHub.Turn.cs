using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <content>What the end of an orchestrator's turn does.</content>
internal sealed partial class TaskHub
{
    private void Commit(TurnCommitted turn, HubEffects effects)
    {
        if (Find(turn.InstanceId) is not { } instance || instance.Execution != turn.Execution)
        {
            return;
        }

        TakeFromInbox(instance, turn.Consumed, effects);
        Append(instance, keepInputs ? turn.Events : [.. turn.Events.Select(WithoutInput)], effects);
        instance.LastUpdatedAt = turn.Events[0].Timestamp;
        instance.CustomStatus = turn.CustomStatus;
        foreach (var appended in turn.Events)
        {
            Carry(instance, appended, turn, effects);
        }

        foreach (var taskId in turn.CanceledTimers)
        {
            DropTimer(instance, taskId, effects);
        }

        effects.Touched.Add(instance);
        effects.Rows.Add(new InstanceSet(instance.ToHead()));
    }

    private void Append(Instance instance, IReadOnlyList<HistoryEvent> events, HubEffects effects)
    {
        effects.Rows.Add(new HistoryAppended(instance.Id, instance.History.Count, events));
        instance.History.AddRange(events);
        HistoryEventsAppended += events.Count;
    }

    private static HistoryEvent WithoutInput(HistoryEvent appended) => appended switch
    {
        TaskScheduledEvent { Input: not null } task
            => new TaskScheduledEvent(task.EventId, task.Name, task.Version) { Tags = task.Tags, Timestamp = task.Timestamp },
        SubOrchestrationInstanceCreatedEvent { Input: not null } child
            => new SubOrchestrationInstanceCreatedEvent(child.EventId)
            {
                Name = child.Name,
                Version = child.Version,
                InstanceId = child.InstanceId,
                Tags = child.Tags,
                Timestamp = child.Timestamp,
            },
        _ => appended,
    };

    /// <summary>Does what a new event of a history says.</summary>
    private void Carry(Instance instance, HistoryEvent appended, TurnCommitted turn, HubEffects effects)
    {
        switch (appended)
        {
            case ExecutionStartedEvent:
                instance.HasStarted = true;
                break;
            case ExecutionSuspendedEvent:
                instance.IsSuspended = true;
                break;
            case ExecutionResumedEvent:
                instance.IsSuspended = false;
                break;
            case TaskScheduledEvent task:
                instance.Open.Add(task.EventId);
                StartActivity(instance, task, effects);
                break;
            case TimerCreatedEvent timer:
                instance.Open.Add(timer.EventId);
                StartTimer(instance, timer, effects);
                break;
            case SubOrchestrationInstanceCreatedEvent child:
                instance.Open.Add(child.EventId);
                StartChild(instance, child, effects);
                break;
            case EventSentEvent sent:
                Deliver(
                    Find(sent.InstanceId),
                    new EventRaisedEvent(HistoryEvent.NoId, sent.Input) { Name = sent.Name, Timestamp = sent.Timestamp },
                    effects);
                break;
            case ContinueAsNewEvent:
                BeginAgain(instance, turn.Next ?? [], effects);
                break;
            case ExecutionCompletedEvent completed:
                Complete(instance, completed, effects);
                break;
        }
    }

    private void StartActivity(Instance instance, TaskScheduledEvent task, HubEffects effects)
    {
        var work = new ActivityWork(new ActivityKey(instance.Id, instance.Execution, task.EventId), task.Name, task.Input);
        _activities.Add(work.Key, work);
        effects.Activities.Add(work);
        effects.Rows.Add(new ActivityAdded(work));
    }

    private void StartTimer(Instance instance, TimerCreatedEvent timer, HubEffects effects)
    {
        if (timer.FireAt > timer.Timestamp)
        {
            AddTimer(instance, timer.EventId, timer.FireAt, effects);
        }
        else
        {
            Answer(instance.Id, instance.Execution, Fired(timer.EventId, timer.FireAt, timer.Timestamp), effects);
        }
    }

    private void StartChild(Instance parent, SubOrchestrationInstanceCreatedEvent child, HubEffects effects)
    {
        if (Find(child.InstanceId) is { Completion: null } existing)
        {
            // Azure Storage lets the new one overwrite the running one, whose caller then waits for ever; a failure tells what is wrong.
            var message = $"An orchestration with the id '{child.InstanceId}' exists already and is {existing.Status}.";
            var failure = new FailureDetails(typeof(OrchestrationAlreadyExistsException).FullName!, message, null, null, false);
            Answer(parent.Id, parent.Execution, ChildFailed(child.EventId, failure, child.Timestamp), effects);
            return;
        }

        parent.Children.Add(child.InstanceId);
        effects.Rows.Add(new ChildAdded(parent.Id, child.InstanceId));
        var started = new ExecutionStartedEvent(HistoryEvent.NoId, child.Input)
        {
            Name = child.Name,
            Version = child.Version,
            Tags = child.Tags,
            ParentInstance = new ParentInstance
            {
                Name = parent.Name,
                Version = parent.Started.Version,
                OrchestrationInstance = parent.Started.OrchestrationInstance,
                TaskScheduleId = child.EventId,
            },
            ParentTraceContext = parent.Started.ParentTraceContext,
            Timestamp = child.Timestamp,
        };
        Create(child.InstanceId, started, effects);
    }

    private void BeginAgain(Instance instance, IReadOnlyList<HistoryEvent> first, HubEffects effects)
    {
        var later = instance.Inbox.Where(message => Outcome.TaskOf(message) is null).ToList();
        TakeFromInbox(instance, instance.Inbox.Count, effects);
        instance.Execution = ++_executions;
        instance.Started = first.OfType<ExecutionStartedEvent>().Single();
        instance.Started.OrchestrationInstance =
            new OrchestrationInstance { InstanceId = instance.Id, ExecutionId = ExecutionId.Of(instance.Execution) };
        foreach (var message in first.Concat(later))
        {
            instance.Inbox.Add(message);
            effects.Rows.Add(new InboxAdded(instance.Id, message));
        }

        instance.History = [];
        effects.Rows.Add(new HistoryCleared(instance.Id));
        instance.Open.Clear();
        DropTimers(instance, effects);
    }

    private void Complete(Instance instance, ExecutionCompletedEvent completed, HubEffects effects)
    {
        instance.Completion = completed;
        TakeFromInbox(instance, instance.Inbox.Count, effects);
        instance.Open.Clear();
        DropTimers(instance, effects);
        if (instance.Parent is not { } parent)
        {
            return;
        }

        var outcome = completed.OrchestrationStatus == OrchestrationStatus.Completed
            ? new SubOrchestrationInstanceCompletedEvent(HistoryEvent.NoId, parent.TaskScheduleId, completed.Result)
            { Timestamp = completed.Timestamp }
            : (HistoryEvent)ChildFailed(
                parent.TaskScheduleId, completed.FailureDetails ?? WasTerminated(instance, completed), completed.Timestamp);
        Answer(parent.OrchestrationInstance.InstanceId, ExecutionId.Parse(parent.OrchestrationInstance.ExecutionId), outcome, effects);
    }

    private static SubOrchestrationInstanceFailedEvent ChildFailed(int taskId, FailureDetails failure, DateTime now)
        => new(HistoryEvent.NoId, taskId, failure.ErrorMessage, null, failure) { Timestamp = now };

    private static ExecutionCompletedEvent Terminated(DateTime now, string reason)
        => new(HistoryEvent.NoId, reason, OrchestrationStatus.Terminated) { Timestamp = now };

    private static FailureDetails WasTerminated(Instance instance, ExecutionCompletedEvent completed)
        => new(
            typeof(OperationCanceledException).FullName!,
            $"Sub-orchestration '{instance.Name}' with id '{instance.Id}' was terminated: {completed.Result ?? "no output was given"}",
            null,
            null,
            false);
}
