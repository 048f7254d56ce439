using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class TaskHubTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly Events Make = new(Now);

    [Fact]
    public void ActivityFinished_Twice_OnlyTheFirstAnswerIsDelivered()
    {
        var (hub, work) = HubWithACall();

        hub.Apply(new ActivityFinished(work.Key, Make.TaskDone(0, "1")));
        hub.Apply(new ActivityFinished(work.Key, Make.TaskDone(0, "2")));

        Assert.Equal("1", Assert.IsType<TaskCompletedEvent>(Assert.Single(hub.Find("a")!.Inbox)).Result);
    }

    [Fact]
    public void ActivityFinished_OfAPastExecution_IsDropped()
    {
        var (hub, work) = HubWithACall();
        hub.Apply(new TurnCommitted("a", 1, 0, [Make.Again(null)], [], null, [Make.Started("A")]));

        hub.Apply(new ActivityFinished(work.Key, Make.TaskDone(0, "1")));

        Assert.IsType<ExecutionStartedEvent>(Assert.Single(hub.Find("a")!.Inbox));
        Assert.Empty(hub.Activities);
    }

    [Fact]
    public void Apply_SameChangesToAnotherHub_GiveTheSameState()
    {
        HubChange[] changes =
        [
            new InstanceCreated("a", Make.Started("A", "1")),
            new InstanceCreated("later", Make.Started("B", startAt: Now.AddHours(1))),
            new MessageSent("a", Make.Raised("e", "2")),
            new TurnCommitted(
                "a",
                1,
                1,
                [
                    Make.TurnBegins(), Make.Started("A", "1"), Make.Task(0, "T", "3"),
                    Make.Timer(1, Now.AddMinutes(1)), Make.Timer(2, Now.AddMinutes(2)),
                    Make.Child(3, "C", "child", "4"), Make.Sent(4, "later", "f", "5"), Make.TurnEnds(),
                ],
                [2],
                "\"status\"",
                null),
            new ActivityFinished(new ActivityKey("a", 1, 0), Make.TaskDone(0, "6")),
            new TimerElapsed("a", 1, Now.AddMinutes(1)),
        ];
        var (hub, copy) = (new TaskHub(), new TaskHub());

        foreach (var change in changes)
        {
            hub.Apply(change);
        }

        Array.ForEach(changes, change => copy.Apply(change));

        Assert.Equal(Describe(hub), Describe(copy));
        Assert.Equal(
            [EventType.EventRaised, EventType.TaskCompleted, EventType.TimerFired], hub.Find("a")!.Inbox.Select(message => message.EventType));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, hub.Find("child")!.Status);
        Assert.Equal("later", hub.NextTimer!.InstanceId);
    }

    private static (TaskHub Hub, ActivityWork Work) HubWithACall()
    {
        var hub = new TaskHub();
        hub.Apply(new InstanceCreated("a", Make.Started("A")));
        var effects = hub.Apply(new TurnCommitted(
            "a",
            1,
            1,
            [Make.TurnBegins(), Make.Started("A"), Make.Task(0, "T"), Make.TurnEnds()],
            [],
            null,
            null));
        return (hub, Assert.Single(effects.Activities));
    }

    private static IEnumerable<string> Describe(TaskHub hub) => hub.Instances.Select(instance => string.Join(
        '\n',
        [
            $"{instance.Id} {instance.Status} {instance.Execution} {instance.CustomStatus} {instance.LastUpdatedAt:o}",
            .. instance.History.Select(HistoryJson.Write),
            .. instance.Inbox.Select(HistoryJson.Write),
            .. instance.Timers.Values.Select(timer => timer.ToString()),
            .. instance.Open.Select(id => $"open {id}"),
        ]));
}
