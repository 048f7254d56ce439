using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class TaskHubTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void ActivityFinished_Twice_OnlyTheFirstAnswerIsDelivered()
    {
        var (hub, work) = HubWithACall();

        hub.Apply(new ActivityFinished(work.Key, new TaskCompleted(Now, 0, "1")));
        hub.Apply(new ActivityFinished(work.Key, new TaskCompleted(Now, 0, "2")));

        Assert.Equal([new TaskCompleted(Now, 0, "1")], hub.Find("a")!.Inbox);
    }

    [Fact]
    public void ActivityFinished_OfAPastExecution_IsDropped()
    {
        var (hub, work) = HubWithACall();
        hub.Apply(new TurnCommitted("a", 0, [new ContinueAsNew(Now, null)], [], null, []));

        hub.Apply(new ActivityFinished(work.Key, new TaskCompleted(Now, 0, "1")));

        Assert.Empty(hub.Find("a")!.Inbox);
        Assert.Empty(hub.Activities);
    }

    [Fact]
    public void Apply_SameChangesToAnotherHub_GiveTheSameState()
    {
        HubChange[] changes =
        [
            new InstanceCreated("a", new ExecutionStarted(Now, "A", "1"), null),
            new InstanceCreated("later", new ExecutionStarted(Now, "B", null), Now.AddHours(1)),
            new MessageSent("a", new EventRaised(Now, "e", "2")),
            new TurnCommitted(
                "a",
                1,
                [
                    new OrchestratorStarted(Now), new ExecutionStarted(Now, "A", "1"), new TaskScheduled(Now, 0, "T", "3"),
                    new TimerCreated(Now, 1, Now.AddMinutes(1)), new TimerCreated(Now, 2, Now.AddMinutes(2)),
                    new SubOrchestrationInstanceCreated(Now, 3, "C", "child", "4"), new EventSent(Now, 4, "later", "f", "5"),
                ],
                [2],
                "\"status\"",
                null),
            new ActivityFinished(new ActivityKey("a", 1, 0), new TaskCompleted(Now, 0, "6")),
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
            ["EventRaised", "TaskCompleted", "TimerFired"], hub.Find("a")!.Inbox.Select(message => message.GetType().Name));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, hub.Find("child")!.Status);
        Assert.Equal("later", hub.NextTimer!.InstanceId);
    }

    private static (TaskHub Hub, ActivityWork Work) HubWithACall()
    {
        var hub = new TaskHub();
        hub.Apply(new InstanceCreated("a", new ExecutionStarted(Now, "A", null), null));
        var effects = hub.Apply(new TurnCommitted(
            "a",
            1,
            [new OrchestratorStarted(Now), new ExecutionStarted(Now, "A", null), new TaskScheduled(Now, 0, "T", null)],
            [],
            null,
            null));
        return (hub, Assert.Single(effects.Activities));
    }

    private static IEnumerable<string> Describe(TaskHub hub) => hub.Instances.Select(instance => string.Join(
        '\n',
        [
            $"{instance.Id} {instance.Status} {instance.Execution} {instance.CustomStatus} {instance.LastUpdatedAt:o}",
            .. instance.History.Select(e => e.ToString()),
            .. instance.Inbox.Select(e => e.ToString()),
            .. instance.Timers.Values.Select(timer => timer.ToString()),
            .. instance.Open.Select(id => $"open {id}"),
        ]));
}
