using CsCheck;
using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Tests.Engine;

namespace ModelJobs.LocalRuntime.Tests.Store;

public sealed class HubStoreTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly Events Make = new(Now);

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
        var failure = new FailureDetails("Type", "message \"é\"", "stack", new FailureDetails("Inner", "cause", null, null, false), true);
        HistoryEvent[] events =
        [
            Make.TurnBegins(), Make.Started("A", "{}", Now.AddDays(1)), Make.Task(0, "T", "1"), Make.TaskDone(0, "1"), Make.TaskFailed(1, failure),
            Make.Timer(2, Now.AddDays(1)), Make.TimerFired(2, Now.AddDays(1)), Make.Child(3, "C", "child", "1"), Make.ChildDone(3, "1"),
            Make.ChildFailed(4, failure), Make.Sent(5, "b", "e", "1"), Make.Raised("e", null), Make.Suspended("why"), Make.Resumed(),
            Make.Rewound("again"), Make.Terminated("1"), Make.Again("1"), Make.Failed(failure), Make.TurnEnds(),
        ];
        Assert.Equal(Kinds(), events.Select(appended => appended.GetType()).Distinct().OrderBy(type => type.Name));
        await folder.Store.JournalOfHub().Append([new InstanceSet(Head("a")), new HistoryAppended("a", 0, events)]).WaitAsync(EngineHarness.Patience, Cancel);

        var loaded = folder.Kill().JournalOfHub().Load();

        var instance = Assert.Single(loaded.Instances);
        Assert.Equal(events.Select(HistoryJson.Write), instance.History.Select(HistoryJson.Write));

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
        Assert.Single(second.Engine.GetHistory("p").OfType<SubOrchestrationInstanceCompletedEvent>());
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
        Started = Make.Started("A"),
        LastUpdatedAt = Now,
    };

    private static List<string> Describe(TaskHub hub) =>
    [
        $"{hub.HistoryEventsAppended} {hub.NextTimer}",
        .. hub.Activities.Select(work => work.ToString()).Order(StringComparer.Ordinal),
        .. hub.Instances.Select(instance => string.Join(
            '\n',
            [
                HistoryJson.Write(instance.ToHead().Started),
                $"{instance.Status} {instance.Execution} {instance.CustomStatus} {instance.LastUpdatedAt:o}",
                instance.Completion is { } completion ? HistoryJson.Write(completion) : "",
                .. instance.History.Select(HistoryJson.Write),
                .. instance.Inbox.Select(HistoryJson.Write),
                .. instance.Timers.OrderBy(timer => timer.Key).Select(timer => timer.Value.ToString()),
                $"open {string.Join(' ', instance.Open.Order())} children {string.Join(' ', instance.Children.Order())}",
            ])),
    ];
}
