using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// All durable state: instances with their histories and inboxes, timers, and calls of activities. A state machine without threads,
/// clock or randomness; every change goes through <see cref="Apply"/>. The caller serializes access.
/// </summary>
internal sealed partial class TaskHub
{
    private readonly SortedDictionary<string, Instance> _instances = new(StringComparer.Ordinal);
    private readonly SortedSet<DueTimer> _timers = new(DueTimer.ByTime);
    private readonly Dictionary<ActivityKey, ActivityWork> _activities = [];
    private long _executions;
    private long _timersMade;

    /// <summary>All instances in the order of their ids.</summary>
    public IEnumerable<Instance> Instances => _instances.Values;

    /// <summary>Calls of activities that have not ended, in no particular order.</summary>
    public IEnumerable<ActivityWork> Activities => _activities.Values;

    /// <summary>The timer that is due next.</summary>
    public DueTimer? NextTimer => _timers.Min;

    /// <summary>How many history events were ever appended, those of past executions and purged instances too.</summary>
    public long HistoryEventsAppended { get; private set; }

    public Instance? Find(string instanceId) => _instances.GetValueOrDefault(instanceId);

    public HubEffects Apply(HubChange change)
    {
        var effects = new HubEffects();
        switch (change)
        {
            case InstanceCreated created:
                Create(created.InstanceId, created.Started, created.StartAt, effects);
                break;
            case MessageSent sent:
                Deliver(Find(sent.InstanceId), sent.Message, effects);
                break;
            case ActivityFinished finished:
                _activities.Remove(finished.Key);
                effects.Rows.Add(new ActivityRemoved(finished.Key));
                Answer(finished.Key.InstanceId, finished.Key.Execution, finished.Outcome, effects);
                break;
            case TimerElapsed elapsed:
                Fire(elapsed, effects);
                break;
            case TurnCommitted turn:
                Commit(turn, effects);
                break;
            case InstancesPurged purged:
                foreach (var id in purged.InstanceIds)
                {
                    Remove(id, effects);
                }

                break;
            default:
                throw new InvalidOperationException($"Unknown change of the task hub: {change.GetType()}.");
        }

        effects.Rows.Add(new CountersSet(new HubCounters(_executions, _timersMade, HistoryEventsAppended)));
        return effects;
    }

    private void Create(string id, ExecutionStarted started, DateTime? startAt, HubEffects effects)
    {
        Remove(id, effects);
        var instance = new Instance(id, ++_executions, started);
        _instances.Add(id, instance);
        effects.Rows.Add(new InstanceSet(instance.ToHead()));
        if (startAt > started.Timestamp)
        {
            AddTimer(instance, DueTimer.StartTaskId, startAt.Value, started, effects);
        }
        else
        {
            Deliver(instance, started, effects);
        }
    }

    private void Remove(string id, HubEffects effects)
    {
        if (_instances.Remove(id, out var instance))
        {
            DropTimers(instance, effects);
            effects.Rows.Add(new InstanceRemoved(id));
        }
    }

    private static void Deliver(Instance? instance, HistoryEvent message, HubEffects effects)
    {
        if (instance is { Completion: null })
        {
            instance.Inbox.Add(message);
            effects.Touched.Add(instance);
            effects.Rows.Add(new InboxAdded(instance.Id, message));
        }
    }

    /// <summary>Delivers an answer, but only to the execution that asked, and only the first.</summary>
    private void Answer(string instanceId, long execution, OutcomeEvent outcome, HubEffects effects)
    {
        if (Find(instanceId) is { } instance && instance.Execution == execution && instance.Open.Remove(outcome.TaskId))
        {
            Deliver(instance, outcome, effects);
        }
    }

    private void Fire(TimerElapsed elapsed, HubEffects effects)
    {
        if (Find(elapsed.InstanceId) is { } instance && instance.Timers.Remove(elapsed.TaskId, out var timer))
        {
            _timers.Remove(timer);
            effects.Rows.Add(new TimerRemoved(instance.Id, elapsed.TaskId));
            instance.Open.Remove(elapsed.TaskId);
            Deliver(instance, timer.Message with { Timestamp = elapsed.At }, effects);
        }
    }

    private void Commit(TurnCommitted turn, HubEffects effects)
    {
        var instance = Find(turn.InstanceId) ?? throw new InvalidOperationException($"Instance '{turn.InstanceId}' has gone during its turn.");
        TakeFromInbox(instance, turn.Consumed, effects);
        effects.Rows.Add(new HistoryAppended(instance.Id, instance.History.Count, turn.Events));
        instance.History.AddRange(turn.Events);
        HistoryEventsAppended += turn.Events.Count;
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

    /// <summary>Does what a new event of a history says.</summary>
    private void Carry(Instance instance, HistoryEvent appended, TurnCommitted turn, HubEffects effects)
    {
        switch (appended)
        {
            case ExecutionStarted:
                instance.HasStarted = true;
                break;
            case ExecutionSuspended:
                instance.IsSuspended = true;
                break;
            case ExecutionResumed:
                instance.IsSuspended = false;
                break;
            case TaskScheduled task:
                instance.Open.Add(task.TaskId);
                var work = new ActivityWork(new ActivityKey(instance.Id, instance.Execution, task.TaskId), task.Name, task.Input);
                _activities.Add(work.Key, work);
                effects.Activities.Add(work);
                effects.Rows.Add(new ActivityAdded(work));
                break;
            case TimerCreated timer:
                instance.Open.Add(timer.TaskId);
                AddTimer(instance, timer.TaskId, timer.FireAt, new TimerFired(timer.FireAt, timer.TaskId, timer.FireAt), effects);
                break;
            case SubOrchestrationInstanceCreated child:
                instance.Open.Add(child.TaskId);
                StartChild(instance, child, effects);
                break;
            case EventSent sent:
                Deliver(Find(sent.InstanceId), new EventRaised(sent.Timestamp, sent.Name, sent.Input), effects);
                break;
            case ContinueAsNew again:
                BeginAgain(instance, again, turn.Next ?? [], effects);
                break;
            case ExecutionCompleted completed:
                Complete(instance, completed, effects);
                break;
        }
    }

    private void StartChild(Instance parent, SubOrchestrationInstanceCreated child, HubEffects effects)
    {
        if (Find(child.InstanceId) is { Completion: null } existing)
        {
            // Azure drops such a start and the parent waits for ever; a failure tells what is wrong.
            var failure = new TaskFailureDetails(
                typeof(OrchestrationAlreadyExistsException).FullName!,
                $"An orchestration with the id '{child.InstanceId}' exists already and is {existing.Status}.",
                null,
                null,
                null);
            Answer(parent.Id, parent.Execution, new SubOrchestrationInstanceFailed(child.Timestamp, child.TaskId, failure), effects);
            return;
        }

        parent.Children.Add(child.InstanceId);
        effects.Rows.Add(new ChildAdded(parent.Id, child.InstanceId));
        var started = new ExecutionStarted(child.Timestamp, child.Name, child.Input)
        {
            Version = child.Version,
            Tags = child.Tags,
            Parent = new ParentLink(parent.Name, parent.Id, parent.Execution, child.TaskId),
        };
        Create(child.InstanceId, started, null, effects);
    }

    private void BeginAgain(Instance instance, ContinueAsNew again, IReadOnlyList<HistoryEvent> first, HubEffects effects)
    {
        var later = instance.Inbox.Where(message => message is not OutcomeEvent).ToList();
        TakeFromInbox(instance, instance.Inbox.Count, effects);
        foreach (var message in first.Concat(later))
        {
            instance.Inbox.Add(message);
            effects.Rows.Add(new InboxAdded(instance.Id, message));
        }

        instance.Execution = ++_executions;
        instance.Input = again.Input;
        instance.History = [];
        effects.Rows.Add(new HistoryCleared(instance.Id));
        instance.Open.Clear();
        DropTimers(instance, effects);
    }

    private void Complete(Instance instance, ExecutionCompleted completed, HubEffects effects)
    {
        instance.Completion = completed;
        TakeFromInbox(instance, instance.Inbox.Count, effects);
        instance.Open.Clear();
        DropTimers(instance, effects);
        if (instance.Parent is { } parent)
        {
            OutcomeEvent outcome = completed.Status == CompletionStatus.Completed
                ? new SubOrchestrationInstanceCompleted(completed.Timestamp, parent.TaskId, completed.Result)
                : new SubOrchestrationInstanceFailed(completed.Timestamp, parent.TaskId, completed.Failure ?? Terminated(instance, completed));
            Answer(parent.InstanceId, parent.Execution, outcome, effects);
        }
    }

    private static TaskFailureDetails Terminated(Instance instance, ExecutionCompleted completed)
        => new(
            typeof(OperationCanceledException).FullName!,
            $"Sub-orchestration '{instance.Name}' with id '{instance.Id}' was terminated: {completed.Result ?? "no output was given"}",
            null,
            null,
            null);

    private static void TakeFromInbox(Instance instance, int count, HubEffects effects)
    {
        if (count > 0)
        {
            instance.Inbox.RemoveRange(0, count);
            effects.Rows.Add(new InboxTaken(instance.Id, count));
        }
    }

    private void AddTimer(Instance instance, int taskId, DateTime fireAt, HistoryEvent message, HubEffects effects)
    {
        var timer = new DueTimer(fireAt, ++_timersMade, instance.Id, taskId, message);
        instance.Timers.Add(taskId, timer);
        _timers.Add(timer);
        effects.Rows.Add(new TimerAdded(timer));
    }

    private void DropTimer(Instance instance, int taskId, HubEffects effects)
    {
        instance.Open.Remove(taskId);
        if (instance.Timers.Remove(taskId, out var timer))
        {
            _timers.Remove(timer);
            effects.Rows.Add(new TimerRemoved(instance.Id, taskId));
        }
    }

    private void DropTimers(Instance instance, HubEffects effects)
    {
        _timers.ExceptWith(instance.Timers.Values);
        effects.Rows.AddRange(instance.Timers.Keys.Select(taskId => new TimerRemoved(instance.Id, taskId)));
        instance.Timers.Clear();
    }
}
