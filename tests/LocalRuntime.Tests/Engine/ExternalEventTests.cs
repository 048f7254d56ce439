using DurableTask.Core.History;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class ExternalEventTests
{
    [Fact]
    public async Task WaitForExternalEvent_RaisedWhileWaiting_GetsThePayload()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Waiter", context => context.WaitForExternalEvent<string>("go"))
            .StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilAsync(() => harness.Status(id) == OrchestrationRuntimeStatus.Running);
        await Raise(harness, id, "go", "now");

        Assert.Equal("now", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task WaitForExternalEvent_RaisedBeforeTheWait_EventsWaitInOrderWhateverTheirCase()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Waiter", async context =>
            {
                await context.CallActivityAsync<int>("Block");
                return await context.WaitForExternalEvent<int>("Number") + 10 * await context.WaitForExternalEvent<int>("number");
            })
            .Activity<object, int>("Block", _ => 0)
            .StartAsync();
        await harness.Engine.StopAsync(TestContext.Current.CancellationToken);

        var id = await harness.ScheduleAsync("Waiter");
        await Raise(harness, id, "NUMBER", 1);
        await Raise(harness, id, "number", 2);
        await harness.StartAsync();

        Assert.Equal(21, (await harness.CompletionAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task WaitForExternalEvent_SeveralWaits_TheLatestWaiterIsServedFirst()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Waiter", async context =>
            {
                var first = context.WaitForExternalEvent<string>("e");
                var second = context.WaitForExternalEvent<string>("e");
                return $"{await first} {await second}";
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilAsync(() => harness.Status(id) == OrchestrationRuntimeStatus.Running);
        await Raise(harness, id, "e", "one");
        await Raise(harness, id, "e", "two");

        Assert.Equal("two one", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task WaitForExternalEvent_AnotherTypeForTheSameName_IsRefused()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Waiter", async context =>
            {
                _ = context.WaitForExternalEvent<string>("e");
                return await context.WaitForExternalEvent<int>("e");
            })
            .StartAsync();

        Assert.True((await harness.RunAsync("Waiter")).FailureDetails!.IsCausedBy<ArgumentException>());
    }

    [Fact]
    public async Task WaitForExternalEvent_EventBeatsTheTimeout_TheTimerIsCanceled()
    {
        await using var harness = await TimedWaiter().StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        await Raise(harness, id, "go", "event");

        Assert.Equal("event", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
        Assert.Null(harness.Engine.Read(hub => hub.NextTimer));
    }

    [Fact]
    public async Task WaitForExternalEvent_TimeoutPasses_TheWaitIsCanceled()
    {
        await using var harness = await TimedWaiter().StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        harness.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("timeout", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task WhenAny_EventRacesTimerAcrossReplays_TheSameOneWinsInEveryReplay()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Race", async context =>
            {
                using var cancel = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromMinutes(1), cancel.Token);
                var raised = context.WaitForExternalEvent<string>("go");
                var winner = await Task.WhenAny(timer, raised) == raised ? await raised : "timer";
#pragma warning disable CA1849
                cancel.Cancel();
#pragma warning restore CA1849
                return winner + await context.CallActivityAsync<string>("Then") + await context.CallActivityAsync<string>("Then");
            })
            .Activity<object, string>("Then", _ => "+")
            .StartAsync();

        var id = await harness.ScheduleAsync("Race");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        await Raise(harness, id, "go", "event");

        Assert.Equal("event++", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    /// <summary>Azure behaves so (its waiters form a stack that cancellation does not clean); the app must not rely on better.</summary>
    [Fact]
    public async Task WaitForExternalEvent_EventAfterACanceledWait_GoesToThatWaitAndIsLost()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Waiter", async context =>
            {
                try
                {
                    await context.WaitForExternalEvent<string>("go", TimeSpan.FromMinutes(1));
                }
                catch (OperationCanceledException)
                {
                    await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                }

                return await context.WaitForExternalEvent<string>("go");
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id, 1);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id, 2);
        await Raise(harness, id, "go", "lost");
        await harness.UntilHistoryHasAsync<EventRaisedEvent>(id, 1);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        await harness.UntilHistoryHasAsync<TimerFiredEvent>(id, 2);
        await Raise(harness, id, "go", "found");

        Assert.Equal("found", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task SendEvent_ToAnotherInstance_ItGetsTheEvent()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Receiver", context => context.WaitForExternalEvent<int>("value"))
            .Orchestrator("Sender", context =>
            {
                context.SendEvent("receiver", "value", 5);
                return Task.FromResult(0);
            })
            .StartAsync();

        await harness.ScheduleAsync("Receiver", id: "receiver");
        var sender = await harness.RunAsync("Sender");

        Assert.Equal(5, (await harness.CompletionAsync("receiver")).ReadOutputAs<int>());
        Assert.Single(harness.Engine.GetHistory(sender.InstanceId).OfType<EventSentEvent>());
    }

    [Fact]
    public async Task RaiseEvent_InstanceIsUnknownOrEnded_IsDropped()
    {
        await using var harness = await new EngineHarness().Orchestrator("Short", _ => Task.FromResult(0)).StartAsync();
        var ended = await harness.RunAsync("Short");

        await Raise(harness, ended.InstanceId, "late", 0);
        await Raise(harness, "nobody", "late", 0);

        Assert.Empty(harness.Engine.GetHistory(ended.InstanceId).OfType<EventRaisedEvent>());
    }

    private static EngineHarness TimedWaiter() => new EngineHarness().Orchestrator("Waiter", async context =>
    {
        try
        {
            return await context.WaitForExternalEvent<string>("go", TimeSpan.FromMinutes(1));
        }
        catch (OperationCanceledException)
        {
            return "timeout";
        }
    });

    private static Task Raise(EngineHarness harness, string id, string name, object payload)
        => harness.Client.RaiseEventAsync(id, name, payload, TestContext.Current.CancellationToken);
}
