using System.Text.Json;
using DurableTask.Core.History;
using Microsoft.DurableTask.Converters;
using ModelJobs.Contracts;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>What jobs go through, each as a script of what the activities answer.</summary>
internal static class Scenarios
{
    private const string Job = "job-golden";
    private const int ItemsPerPage = 1000;
    private const int ParkedPerPage = 100;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan MaxIdle = TimeSpan.FromMinutes(4);

    private static readonly JobControl Paused = JobControl.Initial.Pause()!;
    private static readonly JobControl Resumed = Paused.Resume()!;
    private static readonly JobControl Stopped = JobControl.Initial.Stop(new JobError(JobControl.Canceled, "By a person."))!;

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

            // A job of few pages brings its plan along.
            ["job-short"] = () => RunJob(
                pages: 2,
                new JobOptions(),
                (work, attempt) => Usual(work),
                change: run => run with { Job = run.Job with { Pages = [Plan(0), Plan(1)] }, Pages = 2 }),

            // Pages with lanes are dispatched one after another; lanes are closed at the end.
            ["job-lanes"] = () => RunJob(
                pages: 3, new JobOptions { OrderByKey = true, MaxConcurrency = 3 }, (work, attempt) => Usual(work)),

            // A page that cannot be collected fails the job, with its lanes closed and the pages before it assembled.
            ["job-failing-page"] = () => RunJob(
                pages: 4,
                new JobOptions { MaxConcurrency = 2 },
                (work, attempt) => work.Name == nameof(CollectPage) && Page(work) == 1 ? Answer.Fail(1, "The page is damaged.") : Usual(work)),

            // More pages than one execution takes: it continues as new in between.
            ["job-long"] = () => RunJob(pages: 152, new JobOptions(), (work, attempt) => Usual(work)),

            // A window that grows while chunks wait little, is halved when they wait long or calls are throttled, and grows more slowly afterwards;
            // carried over to the next epoch, in which what a page has not answered is sent again.
            ["job-window"] = () => RunJob(
                pages: 40,
                new JobOptions(),
                (work, attempt) => work.Name != nameof(CollectPage) ? Usual(work)
                    : Page(work) == 32 && Order(work) is { Epoch: 0 } ? Collected(work, 100, TimeSpan.FromSeconds(3), control: Resumed)
                    : Measured(work, waited: Page(work) is >= 6 and < 20 ? 300 : 10, throttled: Page(work) == 28 ? 200 : 0),
                change: run => run with { PagesInFlight = 6, Window = new DispatchWindow() }),

            // A job as a deployment meets it: pages in flight, and a suspension that is over.
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

            // Paused while pages are in flight, found resumed by looking, with lanes: all that is unanswered is dispatched again, in order.
            ["job-paused"] = () => RunJob(
                pages: 5,
                new JobOptions { OrderByKey = true, MaxConcurrency = 3 },
                (work, attempt) => work.Name switch
                {
                    nameof(CollectPage) when Order(work) is { Epoch: 0 } && Page(work) > 0 => Collected(work, 100, TimeSpan.FromSeconds(3), control: Paused),
                    nameof(ChangeControl.ReadControl) => new Answer(TimeSpan.FromSeconds(0.2), Resumed),
                    _ => Usual(work),
                },
                sent: [(TimeSpan.FromSeconds(6), now => Told(now, Paused))]),

            // Canceled while pages are in flight: those come to their end, the others are answered for without being dispatched.
            ["job-canceled"] = () => RunJob(
                pages: 6,
                new JobOptions(),
                (work, attempt) => work.Name == nameof(CollectPage) && Page(work) > 0
                    ? Collected(work, ItemsPerPage, Slice, canceled: 900, control: Stopped)
                    : Usual(work),
                sent: [(TimeSpan.FromSeconds(8), now => Told(now, Stopped))]),

            // Past its deadline, and after it with more failures than it tolerates: stopped by its own orchestration.
            ["job-past-deadline"] = () => RunJob(
                pages: 4,
                new JobOptions(),
                (work, attempt) => work.Name == nameof(CollectPage) && attempt < 3 ? Collected(work, 0, Slice) : Usual(work),
                change: run => run with { EndsBy = run.Job.CreatedAt + TimeSpan.FromSeconds(30) }),
            ["job-intolerable"] = () => RunJob(
                pages: 6,
                new JobOptions { Tolerate = new Tolerance(10, IsPercent: false) },
                (work, attempt) => work.Name == nameof(CollectPage) && Page(work) == 1 ? Collected(work, ItemsPerPage, Slice, failed: 11) : Usual(work)),

            // A lane whose chunks are lost again and again: sending again ends, and what does not answer is given up.
            ["job-lost-lanes"] = () => RunJob(
                pages: 2,
                new JobOptions { OrderByKey = true, MaxConcurrency = 2 },
                (work, attempt) => work.Name switch
                {
                    nameof(CollectPage) when Page(work) == 1 =>
                        Order(work).GiveUp is null ? Collected(work, 10, Slice) : Collected(work, ItemsPerPage, Slice, failed: 990),
                    nameof(FindLostItems) => new Answer(TimeSpan.FromSeconds(2), new LostItems(1, ItemSet.Of([5]).ToBytes())),
                    nameof(ChangeControl.SendAgain) => new Answer(TimeSpan.FromSeconds(1), Again(Read<SendAgainOrder>(work).Epoch)),
                    _ => Usual(work),
                },
                change: run => run with { StallAfter = TimeSpan.FromMinutes(1), MaxIdle = TimeSpan.FromHours(1) }),

            // Some pages of a job that had ended are run again.
            ["job-redriven"] = () => RunJob(pages: 160, new JobOptions(), (work, attempt) => Usual(work), change: Reopened(discard: false)),
            ["job-discarded"] = () => RunJob(pages: 160, new JobOptions(), (work, attempt) => Usual(work), change: Reopened(discard: true)),

            // A job with a webhook: that it is told is begun before the end, and the job ends well even if that cannot be begun, or as it failed.
            ["job-webhook"] = () => RunJob(
                pages: 2,
                new JobOptions { Webhook = "https://hooks.example.org/jobs", MaxConcurrency = 2 },
                (work, attempt) => work.Name == nameof(BeginWebhook) ? Answer.Fail(0.2, "The back end is away.") : Usual(work)),
            ["job-webhook-failing-page"] = () => RunJob(
                pages: 2,
                new JobOptions { Webhook = "https://hooks.example.org/jobs" },
                (work, attempt) => work.Name == nameof(CollectPage) && Page(work) == 1 ? Answer.Fail(1, "The page is damaged.") : Usual(work)),

            // A receiver that comes back after a while.
            ["webhook-retried"] = () => RunWebhook((work, attempt) => new Answer(TimeSpan.FromSeconds(1), attempt switch
            {
                1 => new WebhookAttempt(WebhookOutcome.JobRuns),
                2 => new WebhookAttempt(WebhookOutcome.Failed, Error: WebhookSender.TimedOut, Jitter: 0.05),
                3 => new WebhookAttempt(WebhookOutcome.Failed, Status: 503, RetryAfter: TimeSpan.FromHours(1)),
                _ => new WebhookAttempt(WebhookOutcome.Delivered, Status: 204),
            })),

            // A page over several slices, one of which fails at first.
            ["page-slices"] = () => RunPage((work, attempt) => attempt switch
            {
                2 => Answer.Fail(3, "The lock of the session was lost."),
                < 5 => Collected(work, 200 * attempt, Slice),
                _ => Collected(work, ItemsPerPage, Slice, failed: 7),
            }),

            // More slices than one execution takes.
            ["page-long"] = () => RunPage((work, attempt) => Collected(work, attempt < 103 ? attempt : ItemsPerPage, Slice)),

            // A page that stands still: nothing is lost at first, then some items are sent again, and in the end the rest is given up.
            ["page-idle"] = () => RunPage((work, attempt) => work.Name switch
            {
                nameof(FindLostItems) => new Answer(
                    TimeSpan.FromSeconds(2), attempt == 1 ? LostItems.None : new LostItems(990, ItemSet.First(990).ToBytes())),
                nameof(CollectPage) when Order(work).GiveUp is null => Collected(work, 10, Slice),
                _ => Usual(work),
            }),

            // A page with lanes that stands still: the whole job is sent again.
            ["page-idle-lanes"] = () => RunPage(
                (work, attempt) => work.Name switch
                {
                    nameof(FindLostItems) => new Answer(TimeSpan.FromSeconds(2), new LostItems(1, ItemSet.Of([5]).ToBytes())),
                    nameof(ChangeControl.SendAgain) => new Answer(TimeSpan.FromSeconds(1), JobControl.Initial.SendAgain(0)),
                    _ => Collected(work, 10, Slice),
                },
                new JobOptions { OrderByKey = true }),
        };

    private static JobControl Again(int epoch) => new(epoch + 1, epoch + 1, ControlState.Running);

    private static IReadOnlyList<OrchestrationHistory> RunJob(
        int pages,
        JobOptions options,
        Func<ActivityWork, int, Answer> script,
        IEnumerable<(TimeSpan After, Func<DateTime, HistoryEvent> Message)>? sent = null,
        TimeSpan? until = null,
        Func<JobRun, JobRun>? change = null)
    {
        var manifest = new JobManifest
        {
            Id = Job,
            Model = "simulate",
            Options = options with { ChunkItems = 50 },
            Input = Job + "/input.jsonl",
            Items = pages * ItemsPerPage,
            Fingerprint = "golden",
            CreatedAt = new DateTimeOffset(2026, 3, 1, 11, 59, 59, TimeSpan.Zero),
        };
        var run = new JobRun { Job = manifest, PagesInFlight = 3, MaxIdle = MaxIdle };
        run = change?.Invoke(run) ?? run;
        Answer Script(ActivityWork work, int attempt) => work.Name == nameof(PlanJob)
            ? new Answer(TimeSpan.FromSeconds(1), new PlanReport(pages))
            : script(work, attempt);
        return new FlowSimulation(Script).Run(nameof(JobOrchestrator), Job, run, sent, until).HistoriesOf(Job);
    }

    private static IReadOnlyList<OrchestrationHistory> RunPage(Func<ActivityWork, int, Answer> script, JobOptions? options = null)
    {
        var id = PageOrchestrator.InstanceId(Job, 4, 0);
        var order = new CollectOrder(Job, Plan(4), Job + "/input.jsonl", options ?? new JobOptions());
        var sent = new DispatchOrder(Job, order.Input, "simulate", 4, order.Options, []);
        return new FlowSimulation(script).Run(nameof(PageOrchestrator), id, new PageRun(order, sent, MaxIdle, TimeSpan.FromMinutes(1))).HistoriesOf(id);
    }

    private static IReadOnlyList<OrchestrationHistory> RunWebhook(Func<ActivityWork, int, Answer> script)
    {
        var order = new WebhookOrder(Job, Round: 0, "https://hooks.example.org/jobs", "{}");
        return new FlowSimulation(script).Run(nameof(WebhookOrchestrator), order.Id, order).HistoriesOf(order.Id);
    }

    private static Func<JobRun, JobRun> Reopened(bool discard) => run => run with
    {
        Control = JobControl.Initial.Reopen(),
        Redrive = new RedriveOrder(JobBlobs.Redrive(Job, 1), discard),
        Round = DispatchNumber.Of(1),
        Pages = 160,
        Totals = new Totals(159_000, 600, 400, 0),
    };

    /// <summary>What an activity answers if nothing special happens. No two pages take the same time.</summary>
    private static Answer Usual(ActivityWork work) => work.Name switch
    {
        nameof(DispatchPage) => Dispatched(work),
        nameof(CollectPage) => Collected(work, ItemsPerPage, TimeSpan.FromSeconds(5 + (Page(work) * 7 % 11))),
        nameof(AssembleResults) => new Answer(TimeSpan.FromSeconds(0.4), Read<AssembleOrder>(work).Pages.Count),
        nameof(CancelPage) => new Answer(TimeSpan.FromSeconds(0.3), Plan(Page(work))),
        nameof(DiscardPage) => new Answer(TimeSpan.FromSeconds(0.3), new DiscardReport(Plan(Page(work)), new OpenItems(ParkedPerPage - 40, 40))),
        nameof(FindParkedPages) => Found(Read<FindParkedOrder>(work)),
        nameof(ChangeControl.StopJob) => new Answer(TimeSpan.FromSeconds(0.2), JobControl.Initial.Stop(Read<StopOrder>(work).Reason)),
        nameof(ClearParked) => new Answer(TimeSpan.FromSeconds(0.5), null),
        nameof(CloseLanes) => new Answer(TimeSpan.FromSeconds(0.1), null),
        nameof(BeginWebhook) => new Answer(TimeSpan.FromSeconds(0.2), null),
        _ => throw new InvalidOperationException($"The script has no answer for {work.Name}: extend it."),
    };

    /// <summary>Every sixteenth page has parked items.</summary>
    private static Answer Found(FindParkedOrder order)
    {
        var end = Math.Min(order.Pages, order.FromPage + 100);
        return new(
            TimeSpan.FromSeconds(1), new ParkedPages([.. Enumerable.Range(order.FromPage, end - order.FromPage).Where(page => page % 16 == 3)], end));
    }

    private static Answer Dispatched(ActivityWork work)
    {
        var order = Read<DispatchOrder>(work);
        var lanes = Lanes.CountOf(order.Options);
        var chunks = Enumerable.Range(0, lanes).Select(lane => (order.LaneChunks.Count > lane ? order.LaneChunks[lane] : 0) + lane);
        var reopened = order.Redrive is null ? OpenItems.None : new OpenItems(ParkedPerPage - 40, 40);
        return new Answer(TimeSpan.FromSeconds(0.8), new DispatchReport(Plan(order.Page), [.. chunks], reopened));
    }

    private static Answer Collected(ActivityWork work, int answered, TimeSpan after, int failed = 0, int canceled = 0, JobControl? control = null)
    {
        var complete = answered >= ItemsPerPage;
        // A redrive is about the parked items alone.
        answered = Order(work).Round > 0 ? Math.Min(answered, ParkedPerPage) : answered;
        return new(after, new PageReport(Page(work), answered - failed - canceled, failed, canceled, complete, control));
    }

    /// <summary>A page whose chunks have waited in their queue, so many seconds each.</summary>
    private static Answer Measured(ActivityWork work, int waited, int throttled)
    {
        var usual = Usual(work);
        var sums = new RunSums { Runs = 20, Answers = 20, Attempts = ItemsPerPage, Throttled = throttled, Wait = TimeSpan.FromSeconds(20 * waited) };
        return usual.Result is PageReport { Complete: true } report ? usual with { Result = report with { Sums = sums } } : usual;
    }

    private static EventRaisedEvent Told(DateTime now, JobControl control) =>
        new EventRaisedEvent(HistoryEvent.NoId, JsonDataConverter.Default.Serialize(control)) { Name = JobOrchestrator.ControlEvent, Timestamp = now };

    private static PagePlan Plan(int page) => new(page, page * 100_000L, 100_000, page * (long)ItemsPerPage, ItemsPerPage);

    private static CollectOrder Order(ActivityWork work) => Read<CollectOrder>(work);

    private static T Read<T>(ActivityWork work) => JsonDataConverter.Default.Deserialize<T>(work.Input)!;

    /// <summary>The page that an activity is about; the first, if it is about several.</summary>
    private static int Page(ActivityWork work) => work.Name switch
    {
        nameof(CollectPage) => Read<CollectOrder>(work).Page.Page,
        nameof(AssembleResults) => Read<AssembleOrder>(work).Pages[0],
        _ => work.Input is { } input && JsonElement.Parse(input).TryGetProperty("Page", out var number) ? number.GetInt32() : -1,
    };
}
