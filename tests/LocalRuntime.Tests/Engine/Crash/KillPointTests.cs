using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Tests.Store;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// Kills the engine at every durable step of an orchestration that does everything, on a real state file: before the step is on disk, after it
/// is but before anybody knows, and in the middle of its transaction. What follows from the files must always be the same.
/// </summary>
public sealed class KillPointTests
{
    private const string Id = "everything";
    private const string Result = "again: 1 2 3 retried event child(told 20) timer";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kill_AtEveryWrite_TheOrchestrationComesToItsResultAllTheSame(bool takesEffect)
    {
        for (var crashAt = 1; await CrashesAsync((write, _) => write == crashAt, takesEffect); crashAt++)
        {
        }
    }

    /// <summary>As the one above, for steps that the order in which threads run may have let slip through there.</summary>
    [Theory]
    [InlineData(CrashingJournal.Message)]
    [InlineData(CrashingJournal.Creation)]
    [InlineData(CrashingJournal.TimerFires)]
    [InlineData(CrashingJournal.ActivityRan)]
    [InlineData(CrashingJournal.CallsActivity)]
    [InlineData(CrashingJournal.CallsChild)]
    [InlineData(CrashingJournal.MakesTimer)]
    [InlineData(CrashingJournal.Sends)]
    [InlineData(CrashingJournal.BeginsAgain)]
    [InlineData(CrashingJournal.Ends)]
    public async Task Kill_AtAStep_TheOrchestrationComesToItsResultAllTheSame(string step)
    {
        foreach (var takesEffect in new[] { false, true })
        {
            Assert.True(await CrashesAsync((_, steps) => steps.Contains(step), takesEffect), $"No write was about this: {step}.");
        }
    }

    /// <summary>A transaction that is cut off in its middle, as between a history and the messages that go out, leaves nothing of itself.</summary>
    [Theory]
    [InlineData("INSERT ON instance")]
    [InlineData("INSERT ON history")]
    [InlineData("DELETE ON history")]
    [InlineData("INSERT ON inbox")]
    [InlineData("DELETE ON inbox")]
    [InlineData("INSERT ON timer")]
    [InlineData("DELETE ON timer")]
    [InlineData("INSERT ON child")]
    [InlineData("INSERT ON activity")]
    [InlineData("DELETE ON activity")]
    [InlineData("UPDATE ON hub")]
    public async Task Kill_InTheMiddleOfATransaction_TheOrchestrationComesToItsResultAllTheSame(string at)
    {
        using var folder = new StateFolder();
        var world = new World();
        Run(folder.File, $"CREATE TRIGGER cut BEFORE {at} BEGIN SELECT RAISE(ABORT, 'the process has crashed'); END");
        Assert.False(await LiveAsync(folder.Store.JournalOfHub(), world, folder.Store.Failed));
        folder.Store.Dispose();
        Run(folder.File, "DROP TRIGGER cut");

        folder.Reopen();
        await FinishAsync(folder, world, at);
    }

    /// <summary>Runs the orchestration until it crashes, and again on what is on disk.</summary>
    /// <returns>Whether it crashed.</returns>
    private static async Task<bool> CrashesAsync(Func<int, IReadOnlyList<string>, bool> isTime, bool takesEffect)
    {
        using var folder = new StateFolder();
        var world = new World();
        var journal = new CrashingJournal(folder.Store.JournalOfHub(), isTime, takesEffect);
        var hasEnded = await LiveAsync(journal, world, journal.Crashed);
        folder.Reopen();
        await FinishAsync(folder, world, $"crash when {string.Join(", ", journal.Steps)}");
        return !hasEnded;
    }

    private static async Task FinishAsync(StateFolder folder, World world, string where)
    {
        await using var harness = Harness(folder.Store.JournalOfHub(), world);
        await harness.StartAsync();
        await CallAsync(harness, world);
        var ended = await harness.DriveTimeAsync(harness.CompletionAsync(Id));
        world.Now = harness.Time.GetUtcNow();

        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{where}: {ended.FailureDetails}");
        Assert.Equal((where, Result), (where, ended.ReadOutputAs<string>()));
        Assert.All(world.Runs, run => Assert.True(run.Value <= 2, $"{where}: {run.Key} ran {run.Value} times."));
        foreach (var id in new[] { Id, "child" })
        {
            var answers = harness.Engine.GetHistory(id).Select(Outcome.TaskOf).OfType<int>().ToList();
            Assert.Equal(answers.Distinct(), answers);
        }
    }

    /// <summary>Runs the engine, and its clients, until it crashes.</summary>
    /// <returns>Whether the orchestration ended before that.</returns>
    private static async Task<bool> LiveAsync(IHubJournal journal, World world, Task crashed)
    {
        await using var harness = Harness(journal, world);
        await harness.StartAsync();
        try
        {
            await CallAsync(harness, world);
            var completion = harness.DriveTimeAsync(harness.CompletionAsync(Id));
            await EngineHarness.Bounded(Task.WhenAny(completion, crashed));
        }
        catch (Exception exception) when (exception is IOException or LocalRuntimeException)
        {
            // A client that was not answered.
        }

        world.Now = harness.Time.GetUtcNow();
        return !crashed.IsCompleted;
    }

    /// <summary>What clients want, until they are told that it is done.</summary>
    private static async Task CallAsync(EngineHarness harness, World world)
    {
        if (harness.Engine.Read(hub => hub.Find(Id)) is null)
        {
            await harness.ScheduleAsync("Everything", 0, Id);
        }

        if (!world.HasRaised && harness.Engine.Read(hub => hub.Find(Id)) is { Completion: null })
        {
            await harness.Client.RaiseEventAsync(Id, "e", "event", Cancel);
            world.HasRaised = true;
        }
    }

    private static EngineHarness Harness(IHubJournal journal, World world)
    {
        var harness = new EngineHarness(journal: journal)
            .Orchestrator("Everything", EverythingAsync)
            .Orchestrator("Child", ChildAsync)
            .Activity<int, int>("Work", input =>
            {
                world.Runs.AddOrUpdate($"Work {input}", 1, (_, runs) => runs + 1);
                return input;
            })
            .Activity<object, string>("Flaky", _ => Interlocked.Increment(ref world.FlakyRuns) == 1 ? throw new IOException("not yet") : "retried");
        harness.Time.SetUtcNow(world.Now);
        return harness;
    }

    private static async Task<string> EverythingAsync(TaskOrchestrationContext context)
    {
        if (context.GetInput<int>() == 0)
        {
            await context.CallActivityAsync<int>("Work", 0);
            context.ContinueAsNew(1);
            return "";
        }

        var child = context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(instanceId: "child"));
        var numbers = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => context.CallActivityAsync<int>("Work", i)));
        var retried = await context.CallActivityAsync<string>("Flaky", options: new TaskOptions(new RetryPolicy(3, TimeSpan.FromSeconds(5))));
        var raised = await context.WaitForExternalEvent<string>("e", TimeSpan.FromDays(1));
        context.SendEvent("child", "tell", "told");
        var told = await child;
        await context.CreateTimer(TimeSpan.FromSeconds(10), CancellationToken.None);
        return $"again: {string.Join(' ', numbers)} {retried} {raised} {told} timer";
    }

    private static async Task<string> ChildAsync(TaskOrchestrationContext context)
    {
        var told = await context.WaitForExternalEvent<string>("tell");
        return $"child({told} {await context.CallActivityAsync<int>("Work", 20)})";
    }

    private static void Run(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>What is outside of the process, and does not crash with it.</summary>
    private sealed class World
    {
        public int FlakyRuns;

        public DateTimeOffset Now { get; set; } = EngineHarness.StartOfTime;

        public bool HasRaised { get; set; }

        public ConcurrentDictionary<string, int> Runs { get; } = [];
    }
}
