using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class ControlTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Terminate_WhileItWaits_EndsWithTheGivenOutput()
    {
        await using var harness = await Waiter().StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        await harness.Client.TerminateInstanceAsync(id, "stopped by hand", Token);
        var ended = await harness.CompletionAsync(id);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, ended.RuntimeStatus);
        Assert.Equal("stopped by hand", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Terminate_WhileAnActivityRuns_TheActivityEndsAndItsResultIsDropped()
    {
        var running = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", context => context.CallActivityAsync<int>("Slow"))
            .Activity<object, int>("Slow", async (_, _) =>
            {
                running.SetResult();
                await release.Task;
                return 1;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Caller");
        await EngineHarness.Bounded(running.Task);
        await harness.Client.TerminateInstanceAsync(id, Token);
        await harness.CompletionAsync(id);
        release.SetResult();
        await harness.UntilAsync(() => !harness.Engine.Read(hub => hub.Activities.Any()));

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, harness.Status(id));
        Assert.Empty(harness.Engine.GetHistory(id).OfType<TaskCompletedEvent>());
    }

    [Fact]
    public async Task Suspend_ThenEventsAndResume_TheEventsAreHandledAfterTheResume()
    {
        await using var harness = await Waiter().StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        await harness.Client.SuspendInstanceAsync(id, "pause", Token);
        await harness.UntilAsync(() => harness.Status(id) == OrchestrationRuntimeStatus.Suspended);
        await harness.Client.RaiseEventAsync(id, "e", "while suspended", Token);
        await harness.UntilHistoryHasAsync<EventRaisedEvent>(id);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, harness.Status(id));
        await harness.Client.ResumeInstanceAsync(id, "go on", Token);

        Assert.Equal("while suspended", (await harness.CompletionAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Suspend_WhileActivitiesRun_TheirResultsCountOnceItIsResumed()
    {
        var running = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", async context =>
                await context.CallActivityAsync<int>("Slow") + await context.CallActivityAsync<int>("Slow"))
            .Activity<object, int>("Slow", async (_, _) =>
            {
                running.TrySetResult();
                await release.Task;
                return 1;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Caller");
        await EngineHarness.Bounded(running.Task);
        await harness.Client.SuspendInstanceAsync(id, Token);
        await harness.UntilAsync(() => harness.Status(id) == OrchestrationRuntimeStatus.Suspended);
        release.SetResult();
        await harness.UntilHistoryHasAsync<TaskCompletedEvent>(id);
        Assert.Single(harness.Engine.GetHistory(id).OfType<TaskScheduledEvent>());
        await harness.Client.ResumeInstanceAsync(id, Token);

        Assert.Equal(2, (await harness.CompletionAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Suspend_BeforeTheFirstTurn_TheOrchestratorRunsOnlyAfterTheResume()
    {
        var ran = false;
        await using var harness = new EngineHarness().Orchestrator("Late", _ => Task.FromResult(ran = true));

        var id = await harness.Client.ScheduleNewOrchestrationInstanceAsync(
            "Late", new StartOrchestrationOptions(StartAt: EngineHarness.StartOfTime.AddMinutes(1)), Token);
        await harness.Client.SuspendInstanceAsync(id, Token);
        await harness.StartAsync();
        await harness.UntilAsync(() => harness.Status(id) == OrchestrationRuntimeStatus.Suspended);
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        Assert.False(ran);
        await harness.Client.ResumeInstanceAsync(id, Token);

        Assert.True((await harness.CompletionAsync(id)).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task Terminate_WhileSuspended_Ends()
    {
        await using var harness = await Waiter().StartAsync();

        var id = await harness.ScheduleAsync("Waiter");
        await harness.Client.SuspendInstanceAsync(id, Token);
        await harness.Client.TerminateInstanceAsync(id, Token);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await harness.CompletionAsync(id)).RuntimeStatus);
    }

    [Fact]
    public async Task SetCustomStatus_WhileItRuns_ClientsSeeIt()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Progress", async context =>
            {
                context.SetCustomStatus(new { done = 1 });
                return await context.WaitForExternalEvent<string>("e");
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Progress");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        var running = await harness.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token);

        Assert.Equal("""{"done":1}""", running!.SerializedCustomStatus);
    }

    [Theory]
    [InlineData(ReplayContext.MaxCustomStatusBytes / 2 - 2, OrchestrationRuntimeStatus.Completed)]
    [InlineData(ReplayContext.MaxCustomStatusBytes / 2 - 1, OrchestrationRuntimeStatus.Failed)]
    public async Task SetCustomStatus_AroundTheLimit_OnlyWhatFitsIsAccepted(int letters, OrchestrationRuntimeStatus expected)
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Verbose", context =>
            {
                // The two quotes of the JSON string count too.
                context.SetCustomStatus(new string('x', letters));
                return Task.FromResult(0);
            })
            .StartAsync();

        Assert.Equal(expected, (await harness.RunAsync("Verbose")).RuntimeStatus);
    }

    private static EngineHarness Waiter()
        => new EngineHarness().Orchestrator("Waiter", context => context.WaitForExternalEvent<string>("e"));
}
