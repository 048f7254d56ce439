using DurableTask.Core;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Tests.Engine;

namespace ModelJobs.LocalRuntime.Tests.Store;

/// <summary>Changes that a hub can meet, chosen at random from what its state allows.</summary>
internal sealed class RandomHubChanges(TaskHub hub, Random random, DateTime start)
{
    private DateTime _now = start;

    private Events Make => new(_now);

    public HubChange Next()
    {
        _now = _now.AddSeconds(random.Next(20));
        return random.Next(8) switch
        {
            0 => Create(),
            1 => new MessageSent(Id(), random.Next(3) switch
            {
                0 => Make.Suspended("why"),
                1 => Make.Resumed(),
                _ => Make.Raised("event", "1"),
            }),
            2 when hub.Activities.Any() => Finish(),
            3 when hub.NextTimer is { } timer => new TimerElapsed(timer.InstanceId, timer.TaskId, timer.FireAt),
            4 when Failed() is { } failed && random.Next(2) == 0 => new InstanceRewound(failed, "why", _now),
            4 when hub.Instances.FirstOrDefault(instance => instance.Completion is not null) is { } done => new InstancesPurged([done.Id, "none"]),
            _ => hub.Instances.Where(instance => instance.IsRunnable).ToList() is { Count: > 0 } runnable
                ? Turn(runnable[random.Next(runnable.Count)])
                : Create(),
        };
    }

    private string? Failed()
        => hub.Instances.FirstOrDefault(instance => instance.Completion is { OrchestrationStatus: OrchestrationStatus.Failed })?.Id;

    private string Id() => $"i{random.Next(6)}";

    private HubChange Create()
    {
        var id = Id();
        return hub.Find(id) is { Completion: null }
            ? new MessageSent(id, Make.Raised("again", null))
            : new InstanceCreated(id, Make.Started("Name", "in", random.Next(3) == 0 ? _now.AddMinutes(1) : null));
    }

    private ActivityFinished Finish()
    {
        var key = hub.Activities.OrderBy(work => work.ToString(), StringComparer.Ordinal).First().Key;
        return new ActivityFinished(key, Make.TaskDone(key.TaskId, "result"));
    }

    private TurnCommitted Turn(Instance instance)
    {
        var consumed = random.Next(1, instance.Inbox.Count + 1);
        List<HistoryEvent> events = [Make.TurnBegins(), .. instance.Inbox.Take(consumed)];
        var next = instance.History.Max(appended => (int?)appended.EventId + 1) ?? 0;
        var canceled = instance.Timers.Keys.Where(taskId => taskId != DueTimer.StartTaskId && random.Next(3) == 0).ToList();
        for (var i = random.Next(4); i > 0; i--, next++)
        {
            events.Add(random.Next(4) switch
            {
                0 => Make.Task(next, "Task", "in"),
                1 => Make.Timer(next, _now.AddSeconds(random.Next(90))),
                2 => Make.Child(next, "Child", Id(), "in"),
                _ => Make.Sent(next, Id(), "event", "1"),
            });
        }

        var end = random.Next(8);
        if (end == 0)
        {
            events.Add(Make.Again("again"));
            return new TurnCommitted(
                instance.Id, instance.Execution, consumed, events, canceled, "\"status\"", [Make.Started(instance.Name, "again")]);
        }

        if (end == 1)
        {
            events.Add(random.Next(2) == 0 ? Make.Completed("out") : Make.Failed(new FailureDetails("Type", "why", null, null, false)));
        }

        return new TurnCommitted(instance.Id, instance.Execution, consumed, events, canceled, null, null);
    }
}
