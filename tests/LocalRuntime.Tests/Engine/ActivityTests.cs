using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class ActivityTests
{
    [Fact]
    public async Task CallActivity_Succeeds_ItsResultIsTheOrchestratorsToUse()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Sum", async context => await context.CallActivityAsync<int>("Double", context.GetInput<int>()) + 1)
            .Activity<int, int>("Double", value => 2 * value)
            .StartAsync();

        var ended = await harness.RunAsync("sum", 20);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(41, ended.ReadOutputAs<int>());
        Assert.Equal(20, ended.ReadInputAs<int>());
    }

    [Fact]
    public async Task CallActivity_Succeeds_HistoryTellsTheStoryInOrder()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("One", context => context.CallActivityAsync<string>("Echo", "a"))
            .Activity<string, string>("Echo", text => text)
            .StartAsync();

        var ended = await harness.RunAsync("One");

        Assert.Equal(
            [
                EventType.OrchestratorStarted, EventType.ExecutionStarted, EventType.TaskScheduled, EventType.OrchestratorCompleted,
                EventType.OrchestratorStarted, EventType.TaskCompleted, EventType.ExecutionCompleted, EventType.OrchestratorCompleted,
            ],
            harness.Engine.GetHistory(ended.InstanceId).Select(e => e.EventType));
        Assert.Equal(8, harness.Engine.HistoryEventsAppended);
    }

    [Fact]
    public async Task CallActivity_AThousandAtOnce_ResultsComeBackInTheOrderOfTheCalls()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("FanOut", async context =>
            {
                var calls = Enumerable.Range(0, 1000).Select(i => context.CallActivityAsync<int>("Square", i)).ToList();
                return await Task.WhenAll(calls);
            })
            .Activity<int, int>("Square", value => value * value)
            .StartAsync();

        var ended = await harness.RunAsync("FanOut");

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * i), ended.ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task CallActivity_MoreThanTheLimit_NoMoreThanTheLimitRunAtOnce()
    {
        var (running, most) = (0, 0);
        var full = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var harness = await new EngineHarness(
                new EngineOptions { MaxConcurrentActivityFunctions = 3, MaxConcurrentOrchestratorFunctions = 1 })
            .Orchestrator("FanOut", async context =>
            {
                await Task.WhenAll(Enumerable.Range(0, 10).Select(i => context.CallActivityAsync<int>("Slow", i)));
                return 0;
            })
            .Activity<int, int>("Slow", async (value, _) =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (now == 3)
                {
                    full.TrySetResult();
                }

                await release.Task;
                Interlocked.Decrement(ref running);
                return value;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("FanOut");
        await EngineHarness.Bounded(full.Task);
        release.SetResult();
        await harness.CompletionAsync(id);

        Assert.Equal(3, most);
    }

    [Fact]
    public async Task CallActivity_Throws_TheCallerGetsTypeMessageAndInnerCauses()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", async context =>
            {
                try
                {
                    return await context.CallActivityAsync<string>("Bad");
                }
                catch (TaskFailedException exception)
                {
                    var failure = exception.FailureDetails;
                    return $"{exception.TaskName} {exception.TaskId} {failure.ErrorMessage} "
                        + $"{failure.IsCausedBy<InvalidOperationException>()} {failure.InnerFailure!.IsCausedBy<IOException>()}";
                }
            })
            .Activity<string, string>("Bad", (_, _) => throw new InvalidOperationException("outer", new FileNotFoundException("inner")))
            .StartAsync();

        var ended = await harness.RunAsync("Caller");

        Assert.Equal("Bad 0 outer True True", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task CallActivity_ThrowsAndNobodyCatches_TheOrchestrationFailsWithTheCause()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Bad"))
            .Activity<string, string>("Bad", (_, _) => throw new FormatException("not a number"))
            .StartAsync();

        var ended = await harness.RunAsync("Caller");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.True(ended.FailureDetails!.IsCausedBy<TaskFailedException>());
        Assert.Equal("Task 'Bad' (#0) failed with an unhandled exception: not a number", ended.FailureDetails.ErrorMessage);
        Assert.True(ended.FailureDetails.InnerFailure!.IsCausedBy<FormatException>());
    }

    [Fact]
    public async Task CallActivity_ResultOfAnotherShape_TheAwaitThrows()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", context => context.CallActivityAsync<int>("Text"))
            .Activity<string, string>("Text", _ => "not a number")
            .StartAsync();

        var ended = await harness.RunAsync("Caller");

        Assert.Equal("System.Text.Json.JsonException", ended.FailureDetails!.ErrorType);
    }

    [Fact]
    public async Task CallActivity_OptionsInPlaceOfTheInput_IsRefused()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", context => context.CallActivityAsync<int>("Any", input: (object)new TaskOptions()))
            .StartAsync();

        var ended = await harness.RunAsync("Caller");

        Assert.True(ended.FailureDetails!.IsCausedBy<ArgumentException>());
    }

    [Fact]
    public async Task Run_NoSuchOrchestrator_FailsAndNamesIt()
    {
        await using var harness = await new EngineHarness().StartAsync();

        var ended = await harness.RunAsync("Nobody");

        Assert.Equal("There is no orchestrator function named 'Nobody'.", ended.FailureDetails!.ErrorMessage);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
