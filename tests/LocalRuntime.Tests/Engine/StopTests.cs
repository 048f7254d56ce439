using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class StopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_ActivityIsRunning_ItIsCanceledAndRunsAgainAfterTheNextStart()
    {
        var attempts = 0;
        var running = new TaskCompletionSource();
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Slow"))
            .Activity<object, string>("Slow", async (_, cancellationToken) =>
            {
                if (++attempts == 1)
                {
                    running.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                }

                return "done";
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Caller");
        await EngineHarness.Bounded(running.Task);
        await EngineHarness.Bounded(harness.Engine.StopAsync(Token));
        Assert.Equal(OrchestrationRuntimeStatus.Running, harness.Status(id));
        await harness.StartAsync();

        Assert.Equal("done", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task Stop_ActivityIgnoresTheToken_WaitsNoLongerThanTheTimeout()
    {
        var running = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var harness = await new EngineHarness(
                new EngineOptions { MaxConcurrentActivityFunctions = 1, StopTimeout = TimeSpan.FromSeconds(5) })
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Stubborn"))
            .Activity<object, string>("Stubborn", async (_, _) =>
            {
                running.SetResult();
                await release.Task;
                return "late";
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Caller");
        await EngineHarness.Bounded(running.Task);
        var stopped = harness.Engine.StopAsync(Token);
        Assert.False(stopped.IsCompleted);
        harness.Time.Advance(TimeSpan.FromSeconds(5));
        await EngineHarness.Bounded(stopped);
        release.SetResult();
        await harness.UntilAsync(() => !harness.Engine.Read(hub => hub.Activities.Any()));
        await harness.StartAsync();

        Assert.Equal("late", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Start_TimersBecameDueWhileStopped_TheyFire()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Sleeper", async context =>
            {
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                return "awake";
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Sleeper");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        await EngineHarness.Bounded(harness.Engine.StopAsync(Token));
        harness.Time.Advance(TimeSpan.FromHours(2));
        Assert.Empty(harness.Engine.GetHistory(id).OfType<TimerFiredEvent>());
        await harness.StartAsync();
        harness.Time.Advance(TimeSpan.Zero);

        Assert.Equal("awake", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Start_Twice_IsRefused()
    {
        await using var harness = await new EngineHarness().StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Engine.StartAsync(Token));
    }
}
