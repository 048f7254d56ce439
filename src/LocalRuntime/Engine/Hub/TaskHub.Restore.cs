using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <content>How a hub comes back after its process is gone.</content>
internal sealed partial class TaskHub
{
    /// <summary>Fills an empty hub.</summary>
    public void Restore(HubSnapshot snapshot)
    {
        (_executions, _timersMade, HistoryEventsAppended) = snapshot.Counters;
        foreach (var saved in snapshot.Instances)
        {
            var instance = new Instance(saved.Head.Id, saved.Head.Execution, saved.Head.Started)
            {
                LastUpdatedAt = saved.Head.LastUpdatedAt,
                CustomStatus = saved.Head.CustomStatus,
                HasStarted = saved.Head.HasStarted,
                IsSuspended = saved.Head.IsSuspended,
                Completion = saved.Head.Completion,
                History = [.. saved.History],
            };
            instance.Inbox.AddRange(saved.Inbox);
            instance.Children.UnionWith(saved.Children);
            foreach (var timer in saved.Timers)
            {
                instance.Timers.Add(timer.TaskId, timer);
                _timers.Add(timer);
            }

            OpenAgain(instance);
            _instances.Add(instance.Id, instance);
        }

        foreach (var work in snapshot.Activities)
        {
            _activities.Add(work.Key, work);
        }
    }

    /// <summary>A request is open if the current execution made it and has no answer; a timer may also have been cancelled.</summary>
    private static void OpenAgain(Instance instance)
    {
        if (instance.Completion is not null)
        {
            return;
        }

        instance.Open.UnionWith(instance.History
            .Where(static made => made is TaskScheduledEvent or SubOrchestrationInstanceCreatedEvent)
            .Select(static made => made.EventId));
        instance.Open.ExceptWith(instance.History.Concat(instance.Inbox).Select(Outcome.TaskOf).OfType<int>());
        instance.Open.UnionWith(instance.Timers.Keys.Where(taskId => taskId != DueTimer.StartTaskId));
    }
}
