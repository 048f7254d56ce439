using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Store;

/// <summary>Changes that a hub can meet, chosen at random from what its state allows.</summary>
internal sealed class RandomHubChanges(TaskHub hub, Random random, DateTime start)
{
    private DateTime _now = start;

    public HubChange Next()
    {
        _now = _now.AddSeconds(random.Next(20));
        return random.Next(8) switch
        {
            0 => Create(),
            1 => new MessageSent(Id(), random.Next(3) switch
            {
                0 => new ExecutionSuspended(_now, "why"),
                1 => new ExecutionResumed(_now, null),
                _ => new EventRaised(_now, "event", "1"),
            }),
            2 when hub.Activities.Any() => Finish(),
            3 when hub.NextTimer is { } timer => new TimerElapsed(timer.InstanceId, timer.TaskId, timer.FireAt),
            4 when hub.Instances.FirstOrDefault(instance => instance.Completion is not null) is { } done => new InstancesPurged([done.Id, "none"]),
            _ => hub.Instances.Where(instance => instance.IsRunnable).ToList() is { Count: > 0 } runnable
                ? Turn(runnable[random.Next(runnable.Count)])
                : Create(),
        };
    }

    private string Id() => $"i{random.Next(6)}";

    private HubChange Create()
    {
        var id = Id();
        return hub.Find(id) is { Completion: null }
            ? new MessageSent(id, new EventRaised(_now, "again", null))
            : new InstanceCreated(id, new ExecutionStarted(_now, "Name", "in"), random.Next(3) == 0 ? _now.AddMinutes(1) : null);
    }

    private ActivityFinished Finish()
    {
        var key = hub.Activities.OrderBy(work => work.ToString(), StringComparer.Ordinal).First().Key;
        return new ActivityFinished(key, new TaskCompleted(_now, key.TaskId, "result"));
    }

    private TurnCommitted Turn(Instance instance)
    {
        var consumed = random.Next(1, instance.Inbox.Count + 1);
        List<HistoryEvent> events = [new OrchestratorStarted(_now), .. instance.Inbox.Take(consumed)];
        var next = instance.History.OfType<ActionEvent>().Count();
        var canceled = instance.Timers.Keys.Where(taskId => taskId != DueTimer.StartTaskId && random.Next(3) == 0).ToList();
        for (var i = random.Next(4); i > 0; i--, next++)
        {
            events.Add(random.Next(4) switch
            {
                0 => new TaskScheduled(_now, next, "Task", "in"),
                1 => new TimerCreated(_now, next, _now.AddSeconds(random.Next(90))),
                2 => new SubOrchestrationInstanceCreated(_now, next, "Child", Id(), "in") { Version = "1" },
                _ => new EventSent(_now, next, Id(), "event", "1"),
            });
        }

        var end = random.Next(8);
        if (end == 0)
        {
            events.Add(new ContinueAsNew(_now, "again"));
            return new TurnCommitted(instance.Id, consumed, events, canceled, "\"status\"", [new ExecutionStarted(_now, instance.Name, "again")]);
        }

        if (end == 1)
        {
            events.Add(new ExecutionCompleted(_now, CompletionStatus.Completed, "out", null));
        }

        return new TurnCommitted(instance.Id, consumed, events, canceled, null, null);
    }
}
