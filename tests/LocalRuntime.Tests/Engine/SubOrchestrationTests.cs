using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class SubOrchestrationTests
{
    [Fact]
    public async Task CallSubOrchestrator_WithAnId_RunsUnderThatIdAndKnowsItsParent()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>(
                "Child", "x", new SubOrchestrationOptions(instanceId: "the-child")))
            .Orchestrator("Child", context => Task.FromResult(
                $"{context.InstanceId} {context.GetInput<string>()} {context.Parent!.InstanceId} {context.Parent.Name.Name}"))
            .StartAsync();

        var ended = await harness.RunAsync("Parent", id: "the-parent");

        Assert.Equal("the-child x the-parent Parent", ended.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, harness.Status("the-child"));
    }

    [Fact]
    public async Task CallSubOrchestrator_WithoutAnId_TheIdIsADeterministicGuid()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child"))
            .Orchestrator("Child", context => Task.FromResult(context.InstanceId))
            .StartAsync();

        var ended = await harness.RunAsync("Parent", id: "the-parent");

        var expected = DeterministicGuid.Create("the-parent", EngineHarness.StartOfTime.UtcDateTime, 0).ToString("N");
        Assert.Equal(expected, ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task CallSubOrchestrator_Fails_TheParentGetsTheFailure()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", async context =>
            {
                var failed = await Assert.ThrowsAsync<TaskFailedException>(() => context.CallSubOrchestratorAsync("Child"));
                return $"{failed.TaskName}: {failed.FailureDetails}, {failed.FailureDetails.InnerFailure}";
            })
            .Orchestrator("Child", context => context.CallActivityAsync<int>("Bad"))
            .Activity<object, int>("Bad", _ => throw new FormatException("no number"))
            .StartAsync();

        var ended = await harness.RunAsync("Parent");

        Assert.Equal(
            "Child: Microsoft.DurableTask.TaskFailedException: Task 'Bad' (#0) failed with an unhandled exception: no number, "
                + "System.FormatException: no number",
            ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task CallSubOrchestrator_IdOfARunningInstance_FailsInsteadOfHanging()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>(
                "Waiter", options: new SubOrchestrationOptions(instanceId: "taken")))
            .Orchestrator("Waiter", context => context.WaitForExternalEvent<string>("never"))
            .StartAsync();

        await harness.ScheduleAsync("Waiter", id: "taken");
        var ended = await harness.RunAsync("Parent");

        Assert.True(ended.FailureDetails!.InnerFailure!.IsCausedBy<OrchestrationAlreadyExistsException>());
    }

    [Fact]
    public async Task CallSubOrchestrator_ChildIsTerminated_TheParentsCallFails()
    {
        await using var harness = await Family().StartAsync();

        var id = await harness.ScheduleAsync("Parent");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>("child");
        await harness.Client.TerminateInstanceAsync("child", "enough", TestContext.Current.CancellationToken);

        Assert.Contains("\"enough\"", (await harness.CompletionAsync(id)).FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(false, OrchestrationRuntimeStatus.Running)]
    public async Task Terminate_Parent_ChildrenEndOnlyIfRecursive(bool recursive, OrchestrationRuntimeStatus child)
    {
        await using var harness = await Family().StartAsync();

        var id = await harness.ScheduleAsync("Parent");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>("child");
        await harness.Client.TerminateInstanceAsync(
            id, new TerminateInstanceOptions(Recursive: recursive), TestContext.Current.CancellationToken);
        await harness.CompletionAsync(id);
        await harness.UntilAsync(() => harness.Status("child") == child);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, harness.Status(id));
    }

    private static EngineHarness Family() => new EngineHarness()
        .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>(
            "Child", options: new SubOrchestrationOptions(instanceId: "child")))
        .Orchestrator("Child", context => context.WaitForExternalEvent<string>("never"));
}
