using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class RestartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_OfAnEndedInstance_RunsAgainWithItsInputVersionAndTags(bool withNewId)
    {
        var runs = 0;
        await using var harness = await new EngineHarness()
            .Orchestrator("Echo", context => Task.FromResult($"{++runs} {context.GetInput<string>()} {context.Version}"))
            .StartAsync();
        var options = new StartOrchestrationOptions("job") { Version = "3", Tags = new Dictionary<string, string> { ["tag"] = "value" } };
        await harness.CompletionAsync(await harness.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "input", options, Token));
        harness.Time.Advance(TimeSpan.FromHours(1));

        var id = await harness.Client.RestartAsync("job", withNewId, Token);
        var ended = await harness.CompletionAsync(id);

        Assert.Equal(withNewId, id != "job");
        Assert.Equal("2 input 3", ended.ReadOutputAs<string>());
        Assert.Equal("value", ended.Tags["tag"]);
        Assert.Equal(EngineHarness.StartOfTime.AddHours(1), ended.CreatedAt);
    }

    [Fact]
    public async Task Restart_OfARunningInstance_IsRefusedUnlessItGetsANewId()
    {
        await using var harness = await Waiter().StartAsync();
        await harness.ScheduleAsync("Waiter", id: "job");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>("job");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Client.RestartAsync("job", cancellation: Token));
        var id = await harness.Client.RestartAsync("job", restartWithNewInstanceId: true, Token);

        Assert.Contains("'job' is Running", refused.Message, StringComparison.Ordinal);
        await harness.UntilAsync(() => harness.Status(id) == OrchestrationRuntimeStatus.Running);
    }

    [Fact]
    public async Task RestartAndRewindAndHistory_OfNobody_AreRefused()
    {
        await using var harness = Waiter();

        await Assert.ThrowsAsync<ArgumentException>(() => harness.Client.RestartAsync("nobody", cancellation: Token));
        await Assert.ThrowsAsync<ArgumentException>(() => harness.Client.RewindInstanceAsync("nobody", "why", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => harness.Client.GetOrchestrationHistoryAsync("nobody", Token));
    }

    [Fact]
    public async Task GetOrchestrationHistory_OfAnInstance_IsACopyOfIt()
    {
        await using var harness = await new EngineHarness().Orchestrator("Short", _ => Task.FromResult(1)).StartAsync();
        await harness.RunAsync("Short", "input", "job");

        var history = await harness.Client.GetOrchestrationHistoryAsync("job", Token);
        ((ExecutionStartedEvent)history[1]).Input = "changed";

        Assert.Equal(
            [EventType.OrchestratorStarted, EventType.ExecutionStarted, EventType.ExecutionCompleted, EventType.OrchestratorCompleted],
            history.Select(e => e.EventType));
        Assert.Equal("\"input\"", ((ExecutionStartedEvent)(await harness.Client.GetOrchestrationHistoryAsync("job", Token))[1]).Input);
    }

    [Fact]
    public async Task Rewind_AfterAnActivityFailed_OnlyThatOneRunsAgain()
    {
        var (isMended, runs) = (false, new List<string>());
        await using var harness = await new EngineHarness()
            .Orchestrator("Steps", async context =>
            {
                var first = await context.CallActivityAsync<string>("Work", "good");
                return first + await context.CallActivityAsync<string>("Work", "bad") + await context.CallActivityAsync<string>("Work", "last");
            })
            .Activity<string, string>("Work", text =>
            {
                runs.Add(text);
                return text == "bad" && !isMended ? throw new IOException("broken") : text;
            })
            .StartAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await harness.RunAsync("Steps", id: "job")).RuntimeStatus);

        isMended = true;
        await harness.Client.RewindInstanceAsync("job", "mended", Token);
        var ended = await harness.CompletionAsync("job");

        Assert.Equal("goodbadlast", ended.ReadOutputAs<string>());
        Assert.Equal(["good", "bad", "bad", "last"], runs);
        var history = harness.Engine.GetHistory("job");
        Assert.Equal("mended", Assert.Single(history.OfType<ExecutionRewoundEvent>()).Reason);
        Assert.Empty(history.OfType<TaskFailedEvent>());
        Assert.Equal([0, 1, 2], history.OfType<TaskScheduledEvent>().Select(task => task.EventId));
    }

    [Fact]
    public async Task Rewind_AfterASubOrchestrationFailed_ItIsRewoundTooAndItsGoodPartsStay()
    {
        var (isMended, runs) = (false, 0);
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>(
                "Child", options: new SubOrchestrationOptions(instanceId: "child")))
            .Orchestrator("Child", async context
                => await context.CallActivityAsync<string>("Good") + await context.CallActivityAsync<string>("Bad"))
            .Activity<object, string>("Good", _ => $"good {++runs} ")
            .Activity<object, string>("Bad", _ => isMended ? "mended" : throw new IOException("broken"))
            .StartAsync();
        await harness.RunAsync("Parent", id: "job");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, harness.Status("child"));

        isMended = true;
        await harness.Client.RewindInstanceAsync("job", "mended", Token);

        Assert.Equal("good 1 mended", (await harness.CompletionAsync("job")).ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, harness.Status("child"));
    }

    [Fact]
    public async Task Rewind_SurvivesARestartOfTheEngine()
    {
        using var folder = new Store.StateFolder();
        var isMended = false;
        await using (var first = await Caller(folder.Store.JournalOfHub()).StartAsync())
        {
            await first.RunAsync("Caller", id: "job");
            await first.Engine.StopAsync(Token);
            await first.Client.RewindInstanceAsync("job", "mended", Token);
        }

        isMended = true;
        folder.Reopen();
        await using var second = await Caller(folder.Store.JournalOfHub()).StartAsync();

        Assert.Equal("mended", (await second.CompletionAsync("job")).ReadOutputAs<string>());

        EngineHarness Caller(LocalRuntime.Engine.IHubJournal journal) => new EngineHarness(journal: journal)
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Bad", "input"))
            .Activity<string, string>("Bad", _ => isMended ? "mended" : throw new IOException("broken"));
    }

    [Fact]
    public async Task Rewind_WhatFailsAgainByItself_FailsAgain()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Own", _ => Task.FromException<int>(new InvalidOperationException("own")))
            .StartAsync();
        await harness.RunAsync("Own", id: "job");

        await harness.Client.RewindInstanceAsync("job", "hopeless", Token);

        Assert.Equal("own", (await harness.CompletionAsync("job")).FailureDetails!.ErrorMessage);
    }

    [Fact]
    public async Task Rewind_WhenWhatIsAskedForAgainCannotBeWritten_FailsAndLeavesTheEngineAtWork()
    {
        var isBroken = false;
        var options = new EngineOptions { MaxConcurrentActivityFunctions = 1, MaxConcurrentOrchestratorFunctions = 1 };
        await using var harness = await new EngineHarness(options)
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Work", new Fragile(() => isBroken)))
            .Orchestrator("Other", _ => Task.FromResult("done"))
            .Activity<object, string>("Work", _ => throw new InvalidOperationException("no"))
            .StartAsync();
        await harness.RunAsync("Caller", id: "job");
        isBroken = true;

        await harness.Client.RewindInstanceAsync("job", "why", Token);

        var ended = await harness.CompletionAsync("job");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal("broken", ended.FailureDetails!.ErrorMessage);
        Assert.Equal("done", (await harness.RunAsync("Other")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Rewind_WhatHasNotFailed_IsRefused()
    {
        await using var harness = await Waiter().StartAsync();
        await harness.ScheduleAsync("Waiter", id: "job");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Client.RewindInstanceAsync("job", "why", Token));

        Assert.Contains("only one that has failed can be rewound", refused.Message, StringComparison.Ordinal);
    }

    private static EngineHarness Waiter()
        => new EngineHarness().Orchestrator("Waiter", context => context.WaitForExternalEvent<string>("e"));

    /// <summary>An input that can be written as long as it is not broken.</summary>
    private sealed class Fragile(Func<bool> isBroken)
    {
        public int Value => isBroken() ? throw new InvalidOperationException("broken") : 1;
    }
}
