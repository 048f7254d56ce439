using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class PayloadLimitTests
{
    private const int Limit = 100;

    private static readonly string Fits = new('x', Limit - 2);

    private static readonly string TooLarge = new('x', Limit - 1);

    [Fact]
    public async Task Schedule_InputOrEventAboveTheLimit_IsRefused()
    {
        await using var harness = Functions();

        await Assert.ThrowsAsync<ArgumentException>(() => harness.ScheduleAsync("Echo", TooLarge));
        await Assert.ThrowsAsync<ArgumentException>(
            () => harness.Client.RaiseEventAsync("job", "e", TooLarge, TestContext.Current.CancellationToken));
        await harness.ScheduleAsync("Echo", Fits);
    }

    [Theory]
    [InlineData("ActivityInput")]
    [InlineData("ActivityResult")]
    [InlineData("Output")]
    public async Task Run_PayloadAboveTheLimit_FailsAndSaysWhatToDo(string orchestrator)
    {
        await using var harness = await Functions().StartAsync();

        var ended = await harness.RunAsync(orchestrator);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("pass its name", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallActivity_InputThatCannotBeSerialized_FailsTheOrchestrationEvenIfItIsCaught()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Caught", async context =>
            {
                try
                {
                    return await context.CallActivityAsync<int>("One", new Func<int>(() => 1));
                }
                catch (NotSupportedException)
                {
                    return await context.CallActivityAsync<int>("One");
                }
            })
            .Activity<object, int>("One", _ => 1)
            .StartAsync();

        Assert.True((await harness.RunAsync("Caught")).FailureDetails!.IsCausedBy<NotSupportedException>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task History_InputsOfCalls_AreThereIfTheyAreStored(bool areStored)
    {
        await using var harness = await new EngineHarness(new EngineOptions { StoreInputsInOrchestrationHistory = areStored })
            .Orchestrator("Parent", async context
                => await context.CallActivityAsync<string>("Echo", "a") + await context.CallSubOrchestratorAsync<string>("Child", "b"))
            .Orchestrator("Child", context => Task.FromResult(context.GetInput<string>()))
            .Activity<string, string>("Echo", text => text)
            .StartAsync();

        var ended = await harness.RunAsync("Parent");

        Assert.Equal("ab", ended.ReadOutputAs<string>());
        var history = harness.Engine.GetHistory(ended.InstanceId);
        Assert.Equal(areStored ? "\"a\"" : null, history.OfType<TaskScheduledEvent>().Single().Input);
        Assert.Equal(areStored ? "\"b\"" : null, history.OfType<SubOrchestrationInstanceCreatedEvent>().Single().Input);
    }

    private static EngineHarness Functions() => new EngineHarness(new EngineOptions { MaxPayloadBytes = Limit })
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator("Output", _ => Task.FromResult(TooLarge))
        .Orchestrator("ActivityInput", context => context.CallActivityAsync<string>("Large", TooLarge))
        .Orchestrator("ActivityResult", context => context.CallActivityAsync<string>("Large", "x"))
        .Activity<string, string>("Large", _ => TooLarge);
}
