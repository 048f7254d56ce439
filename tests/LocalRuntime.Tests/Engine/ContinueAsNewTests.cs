using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class ContinueAsNewTests
{
    [Fact]
    public async Task ContinueAsNew_CountsDown_TheHistoryStaysShort()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("CountDown", async context =>
            {
                var left = await context.CallActivityAsync<int>("Decrement", context.GetInput<int>());
                if (left > 0)
                {
                    context.ContinueAsNew(left);
                }

                return left;
            })
            .Activity<int, int>("Decrement", value => value - 1)
            .StartAsync();

        var ended = await harness.RunAsync("CountDown", 50);

        Assert.Equal(0, ended.ReadOutputAs<int>());
        Assert.Equal(1, ended.ReadInputAs<int>());
        Assert.Equal(8, harness.Engine.GetHistory(ended.InstanceId).Count);
        // An execution that begins anew ends without the end of a turn.
        Assert.Equal((50 * 7) + 1, harness.Engine.HistoryEventsAppended);
    }

    [Theory]
    [InlineData(true, "first second")]
    [InlineData(false, "second third")]
    public async Task ContinueAsNew_EventsNobodyWaitedForYet_AreKeptIfPreserved(bool preserve, string expected)
    {
        await using var harness = new EngineHarness();
        harness.Orchestrator("Collector", async context =>
        {
            if (context.GetInput<int>() == 0)
            {
                await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                context.ContinueAsNew(1, preserve);
                return "";
            }

            return $"{await context.WaitForExternalEvent<string>("e")} {await context.WaitForExternalEvent<string>("E")}";
        });
        await harness.StartAsync();

        var id = await harness.ScheduleAsync("Collector", 0);
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        await Raise(harness, id, "first");
        await harness.UntilHistoryHasAsync<EventRaisedEvent>(id);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        await harness.UntilAsync(() => harness.Engine.GetHistory(id).OfType<ExecutionStartedEvent>().Any(e => e.Input == "1"));
        await Raise(harness, id, "second");
        await Raise(harness, id, "third");

        Assert.Equal(expected, (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ContinueAsNew_EventInTheSameBatchAsTheLastAnswer_IsNotLost()
    {
        await using var harness = new EngineHarness();
        harness
            .Orchestrator("Collector", async context =>
            {
                if (context.GetInput<int>() == 0)
                {
                    // A wait that is still open when the execution ends must not swallow the event.
                    _ = context.WaitForExternalEvent<string>("e");
                    await context.WaitForExternalEvent<string>("next");
                    context.ContinueAsNew(1);
                    return "";
                }

                return await context.WaitForExternalEvent<string>("e");
            });
        await harness.StartAsync();
        var id = await harness.ScheduleAsync("Collector", 0);
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        await harness.Engine.StopAsync(TestContext.Current.CancellationToken);
        await harness.Client.RaiseEventAsync(id, "next", "", TestContext.Current.CancellationToken);
        await Raise(harness, id, "kept");
        await harness.StartAsync();

        Assert.Equal("kept", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ContinueAsNew_AnswersToThePastExecution_AreDropped()
    {
        var release = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        await using var harness = await new EngineHarness()
            .Orchestrator("Restless", async context =>
            {
                var slow = context.CallActivityAsync<string>("Slow", context.GetInput<string>());
                if (context.GetInput<string>() == "old")
                {
                    await context.CallActivityAsync<string>("Quick");
                    context.ContinueAsNew("new");
                    return "";
                }

                return await slow;
            })
            .Activity<object, string>("Quick", _ => "")
            .Activity<string, string>("Slow", async (text, _) =>
            {
                if (text == "new")
                {
                    reached.SetResult();
                    await release.Task;
                }

                return text;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Restless", "old");
        await EngineHarness.Bounded(reached.Task);
        release.SetResult();

        Assert.Equal("new", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ContinueAsNew_AsASubOrchestration_TheParentGetsTheLastResult()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>("Child", 3))
            .Orchestrator("Child", context =>
            {
                if (context.GetInput<int>() > 0)
                {
                    context.ContinueAsNew(context.GetInput<int>() - 1);
                }

                return Task.FromResult(context.GetInput<int>());
            })
            .StartAsync();

        Assert.Equal(0, (await harness.RunAsync("Parent")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task ContinueAsNew_SuspendedInTheSameBatch_TheNextExecutionWaitsForTheResume()
    {
        var ran = false;
        await using var harness = await new EngineHarness()
            .Orchestrator("Again", async context =>
            {
                if (context.GetInput<int>() == 0)
                {
                    context.ContinueAsNew(await context.WaitForExternalEvent<int>("e"));
                    return false;
                }

                return ran = true;
            })
            .StartAsync();
        var id = await harness.ScheduleAsync("Again", 0);
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        await harness.Engine.StopAsync(TestContext.Current.CancellationToken);
        await harness.Client.RaiseEventAsync(id, "e", 1, TestContext.Current.CancellationToken);
        await harness.Client.SuspendInstanceAsync(id, TestContext.Current.CancellationToken);
        await harness.StartAsync();
        await harness.UntilAsync(() => harness.Engine.GetHistory(id).OfType<ExecutionStartedEvent>().Any(e => e.Input == "1"));
        Assert.False(ran);
        await harness.Client.ResumeInstanceAsync(id, TestContext.Current.CancellationToken);

        Assert.True((await harness.CompletionAsync(id)).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task ContinueAsNew_CustomStatus_StaysUntilItIsSetAgain()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Status", context =>
            {
                if (context.GetInput<int>() == 0)
                {
                    context.SetCustomStatus("from the first");
                    context.ContinueAsNew(1);
                }

                return Task.FromResult(0);
            })
            .StartAsync();

        Assert.Equal("from the first", (await harness.RunAsync("Status", 0)).ReadCustomStatusAs<string>());
    }

    private static Task Raise(EngineHarness harness, string id, string payload)
        => harness.Client.RaiseEventAsync(id, "e", payload, TestContext.Current.CancellationToken);
}
