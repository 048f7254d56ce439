using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class DeterminismTests
{
    [Theory]
    [InlineData("OtherActivity", "expects activity 'A' (#0) at event 2, but the replayed code asked for activity 'B' (#0)")]
    [InlineData("Timer", "expects activity 'A' (#0) at event 2, but the replayed code asked for a timer (#0)")]
    [InlineData("Nothing", "expects activity 'A' (#0) at event 2, but the replayed code asked for nothing more")]
    [InlineData("OneMore", "expects nothing more in this turn at event 4, but the replayed code asked for activity 'B' (#1)")]
    public async Task Replay_CodeAsksForSomethingElse_FailsAndNamesInstanceExpectedAndFound(string change, string message)
    {
        var runs = 0;
        await using var harness = await new EngineHarness()
            .Orchestrator("Fickle", async context =>
            {
                var isFirst = Interlocked.Increment(ref runs) == 1;
                if (isFirst || change == "OneMore")
                {
                    var first = context.CallActivityAsync<int>("A");
                    if (!isFirst)
                    {
                        _ = context.CallActivityAsync<int>("B");
                    }

                    return await first;
                }

                switch (change)
                {
                    case "OtherActivity":
                        return await context.CallActivityAsync<int>("B");
                    case "Timer":
                        await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                        return 0;
                    default:
                        return 0;
                }
            })
            .Activity<object, int>("A", _ => 0)
            .Activity<object, int>("B", _ => 0)
            .StartAsync();

        var ended = await harness.RunAsync("Fickle", id: "job-7");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.StartsWith(
            "Non-deterministic orchestrator 'Fickle', instance 'job-7': its history " + message,
            ended.FailureDetails!.ErrorMessage,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_CodeEndsWhereItWaitedBefore_Fails()
    {
        var runs = 0;
        await using var harness = await new EngineHarness()
            .Orchestrator("Fickle", async context =>
                Interlocked.Increment(ref runs) == 1 ? await context.WaitForExternalEvent<int>("e") : 0)
            .StartAsync();

        var id = await harness.ScheduleAsync("Fickle");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        await harness.Client.RaiseEventAsync(id, "e", 1, TestContext.Current.CancellationToken);

        Assert.EndsWith(
            typeof(NonDeterministicOrchestrationException).Name,
            (await harness.CompletionAsync(id)).FailureDetails!.ErrorType,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Await_TaskThatIsNotDurable_FailsInsteadOfHanging()
    {
        var never = new TaskCompletionSource<int>();
        await using var harness = await new EngineHarness().Orchestrator("Impure", _ => never.Task).StartAsync();

        var ended = await harness.RunAsync("Impure");

        Assert.Contains("'Impure'", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("may await durable tasks only", ended.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Await_TaskThatCompletesElsewhereBesideADurableOne_TheErrorIsLogged()
    {
        var logs = new ListLoggerProvider();
        var outside = new TaskCompletionSource<int>();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        await using var harness = await new EngineHarness(loggerFactory: factory)
            .Orchestrator("Impure", async context =>
            {
                await Task.WhenAny(outside.Task, context.WaitForExternalEvent<int>("e"));
                return 0;
            })
            .StartAsync();

        var id = await harness.ScheduleAsync("Impure");
        await harness.UntilHistoryHasAsync<ExecutionStartedEvent>(id);
        outside.SetResult(1);

        Assert.Contains(logs.Entries, entry => entry.Contains("awaited a task that is not durable", StringComparison.Ordinal));
        Assert.Equal(OrchestrationRuntimeStatus.Running, harness.Status(id));
    }

    [Fact]
    public async Task Context_UsedFromAnotherThread_Throws()
    {
        var caught = new TaskCompletionSource<Exception>();
        await using var harness = await new EngineHarness()
            .Orchestrator("Threads", context =>
            {
                var thread = new Thread(() => caught.SetResult(Record.Exception(() => context.SetCustomStatus(1))!));
                thread.Start();
                thread.Join();
                return Task.FromResult(0);
            })
            .StartAsync();

        await harness.RunAsync("Threads");

        Assert.IsType<InvalidOperationException>(await caught.Task);
    }

    [Fact]
    public async Task ConfigureAwaitFalseAndContinueWith_OnDurableTasks_StayOnTheOrchestratorsThread()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Library", async context =>
            {
                await Task.Yield();
                var first = await context.CallActivityAsync<int>("One").ContinueWith(
                    task => task.Result + 1, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
                var second = await context.CallActivityAsync<int>("One").ConfigureAwait(false);
                return first + second + await context.CallActivityAsync<int>("One");
            })
            .Activity<object, int>("One", _ => 1)
            .StartAsync();

        Assert.Equal(4, (await harness.RunAsync("Library")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task TimeAndGuids_InEveryReplay_AreTheSame()
    {
        var seen = new List<(DateTime, Guid, Guid)>();
        await using var harness = new EngineHarness();
        harness
            .Orchestrator("Clock", async context =>
            {
                seen.Add((context.CurrentUtcDateTime, context.NewGuid(), context.NewGuid()));
                await context.CallActivityAsync<int>("Wait");
                return await context.CallActivityAsync<int>("Wait");
            })
            .Activity<object, int>("Wait", _ =>
            {
                harness.Time.Advance(TimeSpan.FromMinutes(1));
                return 0;
            });
        await harness.StartAsync();

        await harness.RunAsync("Clock");

        Assert.Equal(3, seen.Count);
        Assert.Single(seen.Distinct());
        Assert.NotEqual(seen[0].Item2, seen[0].Item3);
    }

    [Fact]
    public void NewGuid_KnownInput_IsVersion5OfTheNameThatAzureUses()
    {
        var guid = DeterministicGuid.Create("job", new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), 0);

        Assert.Equal(5, guid.Version);
        Assert.Equal(0x8, guid.Variant & 0xC);
        Assert.NotEqual(guid, DeterministicGuid.Create("job", new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), 1));
    }

    [Fact]
    public async Task ReplaySafeLogger_CodeRunsAgain_LogsOnce()
    {
        var logs = new ListLoggerProvider();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        await using var harness = await new EngineHarness(loggerFactory: factory)
            .Orchestrator("Logs", async context =>
            {
                var logger = context.CreateReplaySafeLogger("Orchestrator");
                logger.LogInformation("begin");
                await context.CallActivityAsync<int>("One");
                logger.LogInformation("middle");
                await context.CallActivityAsync<int>("One");
                logger.LogInformation("end");
                return 0;
            })
            .Activity<object, int>("One", _ => 1)
            .StartAsync();

        await harness.RunAsync("Logs");

        Assert.Equal(["begin", "middle", "end"], logs.Entries);
    }
}
