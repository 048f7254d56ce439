using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class TimerTests
{
    [Fact]
    public async Task CreateTimer_TimePasses_TheOrchestratorsClockHasReachedIt()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Sleeper", async context =>
            {
                var before = context.CurrentUtcDateTime;
                await context.CreateTimer(TimeSpan.FromHours(2), CancellationToken.None);
                return context.CurrentUtcDateTime - before;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Sleeper");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        harness.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(OrchestrationRuntimeStatus.Running, harness.Status(id));
        harness.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(TimeSpan.FromHours(2), (await harness.CompletionAsync(id)).ReadOutputAs<TimeSpan>());
    }

    [Fact]
    public async Task CreateTimer_FartherAwayThanASystemTimerReaches_FiresAllTheSame()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Sleeper", async context =>
            {
                await context.CreateTimer(TimeSpan.FromDays(100), CancellationToken.None);
                return "awake";
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Sleeper");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        for (var day = 0; day < 100; day++)
        {
            harness.Time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal("awake", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task CreateTimer_SeveralAtOnce_FireInTheOrderOfTheirTimes()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Three", async context =>
            {
                var order = "";
                async Task After(int seconds)
                {
                    await context.CreateTimer(TimeSpan.FromSeconds(seconds), CancellationToken.None);
                    order += seconds;
                }

                await Task.WhenAll(After(3), After(1), After(2));
                return order;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Three");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id, 3);
        harness.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("123", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task CreateTimer_Canceled_TheAwaitThrowsAndTheTimerIsForgotten()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Canceler", async context =>
            {
                using var cancel = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromDays(7), cancel.Token);
                await context.CallActivityAsync<int>("Work");
#pragma warning disable CA1849
                cancel.Cancel();
#pragma warning restore CA1849
                try
                {
                    await timer;
                    return "fired";
                }
                catch (OperationCanceledException)
                {
                    return "canceled " + await context.CallActivityAsync<int>("Work");
                }
            })
            .Activity<object, int>("Work", _ => 1)
            .StartAsync();

        var ended = await harness.RunAsync("Canceler");

        Assert.Equal("canceled 1", ended.ReadOutputAs<string>());
        Assert.Null(harness.Engine.Read(hub => hub.NextTimer));
    }

    [Fact]
    public async Task Schedule_ForLater_StaysPendingUntilItsTime()
    {
        await using var harness = await new EngineHarness().Orchestrator("Late", _ => Task.FromResult("ran")).StartAsync();

        var id = await harness.Client.ScheduleNewOrchestrationInstanceAsync(
            "Late",
            new StartOrchestrationOptions(StartAt: EngineHarness.StartOfTime.AddHours(1)),
            TestContext.Current.CancellationToken);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, harness.Status(id));
        harness.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal("ran", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }
}
