using CsCheck;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Tests.Engine;

namespace ModelJobs.LocalRuntime.Tests.Store;

public sealed class HubStoreTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Load_AfterAnyChangesAndRestarts_GivesTheSameHub()
        => Gen.Int.SampleAsync(
            async seed =>
            {
                using var folder = new StateFolder();
                var random = new Random(seed);
                var memory = new TaskHub();
                var changes = new RandomHubChanges(memory, random, Now);
                for (var start = 0; start < 4; start++)
                {
                    var journal = folder.Store.JournalOfHub();
                    var kept = new TaskHub();
                    kept.Restore(journal.Load());
                    Assert.Equal(Describe(memory), Describe(kept));
                    var written = Task.CompletedTask;
                    for (var i = random.Next(80); i > 0; i--)
                    {
                        var change = changes.Next();
                        memory.Apply(change);
                        written = journal.Append(kept.Apply(change).Rows);
                    }

                    await written.WaitAsync(EngineHarness.Patience, Cancel);
                    _ = random.Next(2) == 0 ? folder.Reopen() : folder.Kill();
                }
            },
            iter: 25,
            threads: 1);

    [Fact]
    public async Task Load_OfEveryKindOfEvent_GivesItAgain()
    {
        using var folder = new StateFolder();
        var failure = new TaskFailureDetails("Type", "message \"é\"", "stack", new TaskFailureDetails("Inner", "cause", null, null, null), null);
        var tags = new Dictionary<string, string> { ["tag"] = "value" };
        HistoryEvent[] events =
        [
            new OrchestratorStarted(Now.AddTicks(1)),
            new ExecutionStarted(Now, "A", "{}") { Version = "2", Tags = tags, Parent = new ParentLink("P", "p", 7, 3) },
            new TaskScheduled(Now, 0, "T", null), new TaskCompleted(Now, 0, "1"), new TaskScheduled(Now, 1, "T", "1"), new TaskFailed(Now, 1, failure),
            new TimerCreated(Now, 2, Now.AddDays(1)), new TimerFired(Now, 2, Now.AddDays(1)),
            new SubOrchestrationInstanceCreated(Now, 3, "C", "child", "1") { Version = "3", Tags = tags },
            new SubOrchestrationInstanceCompleted(Now, 3, "1"), new SubOrchestrationInstanceFailed(Now, 4, failure),
            new EventSent(Now, 5, "b", "e", "1"), new EventRaised(Now, "e", null), new ExecutionSuspended(Now, "why"), new ExecutionResumed(Now, null),
            new ExecutionTerminated(Now, "1"), new ContinueAsNew(Now, "1"), new ExecutionCompleted(Now, CompletionStatus.Failed, null, failure),
        ];
        Assert.Equal(Kinds(), events.Select(appended => appended.GetType()).Distinct().OrderBy(type => type.Name));
        await folder.Store.JournalOfHub().Append([new InstanceSet(Head("a")), new HistoryAppended("a", 0, events)]).WaitAsync(EngineHarness.Patience, Cancel);

        var loaded = folder.Kill().JournalOfHub().Load();

        var instance = Assert.Single(loaded.Instances);
        Assert.Equal(events.Select(Text), instance.History.Select(Text));

        static IEnumerable<Type> Kinds() => typeof(HistoryEvent).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(HistoryEvent)) && !type.IsAbstract)
            .OrderBy(type => type.Name);
    }

    [Fact]
    public async Task Restart_WhileAnActivityRuns_RunsItAgainAndCountsOneResult()
    {
        using var folder = new StateFolder();
        var runs = 0;
        var begun = new TaskCompletionSource();
        await using var first = Harness(folder, async cancellation =>
        {
            Interlocked.Increment(ref runs);
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            return 0;
        });
        await first.StartAsync();
        await first.ScheduleAsync("Parent", id: "p");
        await EngineHarness.Bounded(begun.Task);

        folder.Kill();
        await using var second = Harness(folder, _ => Task.FromResult(Interlocked.Increment(ref runs)));
        await second.StartAsync();
        var done = await second.CompletionAsync("p");

        Assert.Equal(OrchestrationRuntimeStatus.Completed, done.RuntimeStatus);
        Assert.Equal("2", done.SerializedOutput);
        Assert.Single(second.Engine.GetHistory("p").OfType<SubOrchestrationInstanceCompleted>());
    }

    private static EngineHarness Harness(StateFolder folder, Func<CancellationToken, Task<int>> activity)
        => new EngineHarness(journal: folder.Store.JournalOfHub())
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>("Child"))
            .Orchestrator("Child", context => context.CallActivityAsync<int>("Work", "input"))
            .Activity<string, int>("Work", (_, cancellation) => activity(cancellation));

    private static InstanceHead Head(string id) => new()
    {
        Id = id,
        Execution = 1,
        Started = new ExecutionStarted(Now, "A", null),
        LastUpdatedAt = Now,
    };

    private static List<string> Describe(TaskHub hub) =>
    [
        $"{hub.HistoryEventsAppended} {hub.NextTimer}",
        .. hub.Activities.Select(work => work.ToString()).Order(StringComparer.Ordinal),
        .. hub.Instances.Select(instance => string.Join(
            '\n',
            [
                Text(instance.ToHead().Started),
                $"{instance.Status} {instance.Execution} {instance.CustomStatus} {instance.LastUpdatedAt:o} {instance.Completion}",
                .. instance.History.Select(Text),
                .. instance.Inbox.Select(Text),
                .. instance.Timers.OrderBy(timer => timer.Key).Select(timer => timer.Value.ToString()),
                $"open {string.Join(' ', instance.Open.Order())} children {string.Join(' ', instance.Children.Order())}",
            ])),
    ];

    /// <summary>An event with its tags, which a record prints as their type.</summary>
    private static string Text(HistoryEvent appended)
    {
        var tags = (appended as ExecutionStarted)?.Tags ?? (appended as SubOrchestrationInstanceCreated)?.Tags;
        return $"{appended} {(tags is null ? "" : string.Join(' ', tags))}"
            .Replace(tags?.GetType().ToString() ?? "no tags", "", StringComparison.Ordinal);
    }
}
