using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

/// <summary>Who may take an id that is taken.</summary>
public sealed class ReuseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Schedule_IdOfARunningInstance_IsRefusedUnlessTheHostAllowsIt(bool canReplace, bool isRefused)
    {
        await using var harness = await Functions(new EngineOptions { CanReplaceRunningInstances = canReplace }).StartAsync();
        await harness.ScheduleAsync("Waiter", id: "job");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>("job");

        var refusal = await Record.ExceptionAsync(() => harness.RunAsync("Echo", "new", "job"));

        Assert.Equal(isRefused, refusal is OrchestrationAlreadyExistsException);
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Running, true)]
    [InlineData(OrchestrationRuntimeStatus.Completed, false)]
    public async Task Schedule_WithDedupeStatuses_RefusesThoseAndNoOthers(OrchestrationRuntimeStatus kept, bool isRefused)
    {
        await using var harness = await Functions().StartAsync();
        await harness.ScheduleAsync("Waiter", id: "job");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>("job");

        var refusal = await Record.ExceptionAsync(() => harness.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "new", new StartOrchestrationOptions("job").WithDedupeStatuses(kept), Token));

        Assert.Equal(isRefused, refusal is OrchestrationAlreadyExistsException);
        if (!isRefused)
        {
            Assert.Equal("new", (await harness.CompletionAsync("job")).ReadOutputAs<string>());
        }
    }

    [Fact]
    public async Task Schedule_DedupeStatusThatThereIsNot_IsRefused()
    {
        await using var harness = Functions();

        await Assert.ThrowsAsync<ArgumentException>(() => harness.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", new StartOrchestrationOptions("job") { DedupeStatuses = ["Asleep"] }, Token));
    }

    [Fact]
    public async Task Schedule_IdOfARunningSubOrchestration_ItsCallerIsToldThatItIsGone()
    {
        await using var harness = await Functions(new EngineOptions { CanReplaceRunningInstances = true })
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>(
                "Waiter", options: new SubOrchestrationOptions(instanceId: "child")))
            .StartAsync();
        await harness.ScheduleAsync("Parent", id: "parent");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>("child");

        await harness.RunAsync("Echo", "new", "child");

        var parent = await harness.CompletionAsync("parent");
        Assert.Contains("replaced by another instance", parent.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schedule_WhileATurnOfTheReplacedInstanceRuns_ThatTurnIsDropped()
    {
        var (inTurn, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var harness = await Functions(new EngineOptions { CanReplaceRunningInstances = true })
            .Orchestrator("Slow", context =>
            {
                inTurn.TrySetResult();
                release.Task.Wait(Token);
                return context.CallActivityAsync<string>("Never");
            })
            .StartAsync();
        await harness.ScheduleAsync("Slow", id: "job");
        await EngineHarness.Bounded(inTurn.Task);

        await harness.ScheduleAsync("Echo", "new", "job");
        release.SetResult();

        Assert.Equal("new", (await harness.CompletionAsync("job")).ReadOutputAs<string>());
        Assert.Empty(harness.Engine.GetHistory("job").OfType<TaskScheduledEvent>());
    }

    private static EngineHarness Functions(EngineOptions? options = null) => new EngineHarness(options)
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator("Waiter", context => context.WaitForExternalEvent<string>("never"));
}
