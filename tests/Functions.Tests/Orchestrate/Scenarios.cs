using System.Text.Json;
using DurableTask.Core.History;
using ModelJobs.Contracts;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>What jobs go through, each as a script of what the activities answer.</summary>
internal static class Scenarios
{
    private const string Job = "job-golden";
    private const int ChunksPerPage = 20;
    private const int ItemsPerPage = 1000;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan MaxIdle = TimeSpan.FromMinutes(2);

    /// <summary>Each scenario's histories by file name, without its extension.</summary>
    public static readonly IReadOnlyDictionary<string, Func<IReadOnlyList<OrchestrationHistory>>> All =
        new Dictionary<string, Func<IReadOnlyList<OrchestrationHistory>>>
        {
            // Pages that end out of order; a dispatch and an assembly that fail at first.
            ["job-unordered"] = () => RunJob(pages: 5, new JobOptions(), (work, attempt) => (work.Name, Page(work), attempt) switch
            {
                (nameof(DispatchPage), 1, 1) or (nameof(AssembleResults), _, 1) when Page(work) <= 1 => Answer.Fail(0.5, "The server is busy."),
                (nameof(CollectPage), 0, < 3) => Collected(work, ItemsPerPage / 4 * attempt, Slice),
                _ => Usual(work),
            }),

            // Pages with lanes are dispatched one after another; lanes are closed at the end.
            ["job-lanes"] = () => RunJob(
                pages: 3, new JobOptions { OrderByKey = true, MaxConcurrency = 3 }, (work, attempt) => Usual(work)),

            // A page that stands still fails the job, with its lanes closed and the pages before it assembled.
            ["job-failing-page"] = () => RunJob(
                pages: 4,
                new JobOptions { MaxConcurrency = 2 },
                (work, attempt) => work.Name == nameof(CollectPage) && Page(work) == 1 ? Collected(work, 10, Slice) : Usual(work)),

            // More pages than one execution takes: it continues as new in between.
            ["job-long"] = () => RunJob(pages: 152, new JobOptions(), (work, attempt) => Usual(work)),

            // A job as a deployment meets it: pages in flight, and a pause that is over.
            ["job-running"] = () => RunJob(
                pages: 9,
                new JobOptions(),
                (work, attempt) => work.Name == nameof(CollectPage) && Page(work) == 2 ? Collected(work, 10 * attempt, Slice) : Usual(work),
                sent:
                [
                    (TimeSpan.FromSeconds(3), now => new ExecutionSuspendedEvent(HistoryEvent.NoId, "by a person") { Timestamp = now }),
                    (TimeSpan.FromSeconds(60), now => new ExecutionResumedEvent(HistoryEvent.NoId, "by a person") { Timestamp = now }),
                ],
                until: TimeSpan.FromSeconds(100)),

            // A page over several slices, one of which fails at first.
            ["page-slices"] = () => RunPage((work, attempt) => attempt switch
            {
                2 => Answer.Fail(3, "The lock of the session was lost."),
                < 5 => Collected(work, 200 * attempt, Slice),
                _ => Collected(work, ItemsPerPage, Slice, failed: 7),
            }),

            // More slices than one execution takes.
            ["page-long"] = () => RunPage((work, attempt) => Collected(work, attempt < 103 ? attempt : ItemsPerPage, Slice)),

            // A page that stands still.
            ["page-idle"] = () => RunPage((work, attempt) => Collected(work, 10, Slice)),
        };

    private static IReadOnlyList<OrchestrationHistory> RunJob(
        int pages,
        JobOptions options,
        Func<ActivityWork, int, Answer> script,
        IEnumerable<(TimeSpan After, Func<DateTime, HistoryEvent> Message)>? sent = null,
        TimeSpan? until = null)
    {
        var manifest = new JobManifest
        {
            Id = Job,
            Model = "simulate",
            Options = options with { ChunkItems = ItemsPerPage / ChunksPerPage },
            Input = Job + "/input.jsonl",
            Items = pages * ItemsPerPage,
            Fingerprint = "golden",
            CreatedAt = new DateTimeOffset(2026, 3, 1, 11, 59, 59, TimeSpan.Zero),
        };
        var run = new JobRun { Job = manifest, PagesInFlight = 3, MaxIdle = MaxIdle };
        Answer Script(ActivityWork work, int attempt) => work.Name == nameof(PlanJob)
            ? new Answer(TimeSpan.FromSeconds(1), new PlanReport(pages))
            : script(work, attempt);
        return new FlowSimulation(Script).Run(nameof(JobOrchestrator), Job, run, sent, until).HistoriesOf(Job);
    }

    private static IReadOnlyList<OrchestrationHistory> RunPage(Func<ActivityWork, int, Answer> script)
    {
        var id = PageOrchestrator.InstanceId(Job, 4);
        var run = new PageRun(new CollectOrder(Job, 4, ChunksPerPage, ItemsPerPage), MaxIdle);
        return new FlowSimulation(script).Run(nameof(PageOrchestrator), id, run).HistoriesOf(id);
    }

    /// <summary>What an activity answers if nothing special happens. No two pages take the same time.</summary>
    private static Answer Usual(ActivityWork work) => work.Name switch
    {
        nameof(DispatchPage) => Dispatched(work),
        nameof(CollectPage) => Collected(work, ItemsPerPage, TimeSpan.FromSeconds(5 + (Page(work) * 7 % 11))),
        nameof(AssembleResults) => new Answer(TimeSpan.FromSeconds(0.4), Number(work, "ToPage")),
        nameof(CloseLanes) => new Answer(TimeSpan.FromSeconds(0.1), null),
        _ => throw new InvalidOperationException($"The script has no answer for {work.Name}: extend it."),
    };

    private static Answer Dispatched(ActivityWork work)
    {
        var order = JsonSerializer.Deserialize<DispatchOrder>(work.Input!)!;
        var lanes = Lanes.CountOf(order.Options);
        var chunks = Enumerable.Range(0, lanes).Select(lane => (order.LaneChunks.Count > lane ? order.LaneChunks[lane] : 0) + lane);
        return new Answer(TimeSpan.FromSeconds(0.8), new DispatchReport(ChunksPerPage, ItemsPerPage, [.. chunks]));
    }

    private static Answer Collected(ActivityWork work, int answered, TimeSpan after, int failed = 0)
        => new(after, new PageReport(Page(work), answered - failed, failed, Complete: answered >= ItemsPerPage));

    private static int Page(ActivityWork work) => Number(work, work.Name == nameof(AssembleResults) ? "FromPage" : "Page");

    private static int Number(ActivityWork work, string member)
        => work.Input is { } input && JsonElement.Parse(input).TryGetProperty(member, out var number) ? number.GetInt32() : -1;
}
