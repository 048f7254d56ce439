using DurableTask.Core;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// All durable state: instances with their histories and inboxes, timers, and calls of activities. A state machine without threads,
/// clock or randomness; every change goes through <see cref="Apply"/>. The caller serializes access.
/// </summary>
/// <param name="keepInputs">Whether histories keep the inputs of activities and sub-orchestrations, for people to see.</param>
internal sealed partial class TaskHub(bool keepInputs = true)
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
                Create(created.InstanceId, created.Started, effects);
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
            case InstanceRewound rewound:
                Rewind(rewound, effects);
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

    private void Create(string id, ExecutionStartedEvent started, HubEffects effects)
    {
        if (Find(id) is { Completion: null } replaced)
        {
            // Whoever waits for it must not wait for ever.
            Complete(replaced, Terminated(started.Timestamp, "It was replaced by another instance of its id."), effects);
        }

        Remove(id, effects);
        var instance = new Instance(id, ++_executions, started);
        started.OrchestrationInstance = new OrchestrationInstance { InstanceId = id, ExecutionId = ExecutionId.Of(instance.Execution) };
        _instances.Add(id, instance);
        effects.Rows.Add(new InstanceSet(instance.ToHead()));
        if (started.ScheduledStartTime > started.Timestamp)
        {
            AddTimer(instance, DueTimer.StartTaskId, started.ScheduledStartTime.Value, effects);
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
    private void Answer(string instanceId, long execution, HistoryEvent outcome, HubEffects effects)
    {
        if (Find(instanceId) is { } instance && instance.Execution == execution && instance.Open.Remove(Outcome.TaskOf(outcome)!.Value))
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
            Deliver(instance, elapsed.TaskId == DueTimer.StartTaskId ? instance.Started : Fired(elapsed.TaskId, timer.FireAt, elapsed.At), effects);
        }
    }

    private static TimerFiredEvent Fired(int taskId, DateTime fireAt, DateTime now)
        => new(HistoryEvent.NoId, fireAt) { TimerId = taskId, Timestamp = now };

    private static void TakeFromInbox(Instance instance, int count, HubEffects effects)
    {
        if (count > 0)
        {
            instance.Inbox.RemoveRange(0, count);
            effects.Rows.Add(new InboxTaken(instance.Id, count));
        }
    }

    private void AddTimer(Instance instance, int taskId, DateTime fireAt, HubEffects effects)
    {
        var timer = new DueTimer(fireAt, ++_timersMade, instance.Id, taskId);
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
