using System.Text.Json.Serialization;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>The job orchestrator's input: what was submitted and, carried over each ContinueAsNew, how far it came.</summary>
internal sealed record JobRun
{
    /// <summary>What was submitted; of a redrive, with the model and options that it asks for.</summary>
    public required JobManifest Job { get; init; }

    /// <summary>Most pages in flight at once.</summary>
    public required int PagesInFlight { get; init; }

    /// <summary>
    /// How many of them there are now. Null where it is always the most: in rounds that began before windows adapted, and in lanes, each of which
    /// is a queue of its own that nobody else waits behind.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DispatchWindow? Window { get; init; }

    /// <summary>How long a page may stand still before what has not answered fails.</summary>
    public required TimeSpan MaxIdle { get; init; }

    /// <summary>How long a page may stand still before it is looked into.</summary>
    public TimeSpan StallAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether the round's chunks go the short way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Express { get; init; }

    /// <summary>When the job is stopped if it has not ended by then; null if never.</summary>
    public DateTimeOffset? EndsBy { get; init; }

    /// <summary>The job's control, as far as the orchestration knows it.</summary>
    public JobControl Control { get; init; } = JobControl.Initial;

    /// <summary>What the job runs again for; null in its first round.</summary>
    public RedriveOrder? Redrive { get; init; }

    /// <summary>Number of the dispatches that begin the round.</summary>
    public int Round { get; init; }

    /// <summary>Pages in the plan; null before the job is planned.</summary>
    public int? Pages { get; init; }

    /// <summary>When the round was begun: rates count from here.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The pages before this one were begun, or in a redrive looked at.</summary>
    public int NextPage { get; init; }

    /// <summary>Those of them that are not in the output yet, ascending.</summary>
    public IReadOnlyList<CarriedPage> Carried { get; init; } = [];

    /// <summary>How often all that is unanswered was sent again without an answer coming since.</summary>
    public int SentAgain { get; init; }

    /// <summary>Since when no answer has come, if it was sent again.</summary>
    public DateTime? IdleSince { get; init; }

    /// <summary>Pages that are done.</summary>
    public int CompletedPages { get; init; }

    /// <summary>What the items of the pages done have come to.</summary>
    public Totals Totals { get; init; } = new(0, 0, 0, 0);

    /// <summary>What the items had come to when the round was begun; null in the first.</summary>
    public Totals? Before { get; init; }

    /// <summary>What runs of chunks of the pages done have measured in this round; null before anything was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunSums? Sums { get; init; }

    /// <summary>What was measured in the rounds before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunSums? SumsBefore { get; init; }

    /// <summary>Items that failed in this round.</summary>
    public long RoundFailed { get; init; }

    /// <summary>Chunks dispatched so far in each lane in this epoch; empty at its start and where the job has no lanes.</summary>
    public IReadOnlyList<long> LaneChunks { get; init; } = [];

    /// <summary>Lanes of the job; 0 where its chunks need neither order nor a limit on concurrency.</summary>
    public int Lanes => Dispatch.Lanes.CountOf(Job.Options);

    /// <summary>Pages in flight at most, as of now.</summary>
    [JsonIgnore]
    public int PagesNow => Math.Min(Window?.Pages ?? PagesInFlight, PagesInFlight);

    /// <summary>How many items may fail in this round before the job is stopped; null if any number may.</summary>
    public long? MaxFailed => Job.Options.Tolerate?.MaxFailed(Job.Items);

    /// <summary>A round of a job as it begins.</summary>
    /// <param name="job">The job, with the options of the round.</param>
    /// <param name="settings">How the app runs jobs.</param>
    /// <param name="begin">When the round was asked for: its deadline counts from here.</param>
    /// <param name="items">Most items that the round is about; all if null.</param>
    public static JobRun Of(JobManifest job, JobSettings settings, DateTimeOffset begin, long? items = null) => new()
    {
        Job = job,
        PagesInFlight = settings.MaxPagesInFlight,
        Window = Dispatch.Lanes.CountOf(job.Options) > 0 ? null : new DispatchWindow(),
        MaxIdle = settings.MaxIdle,
        StallAfter = settings.StallAfter,
        EndsBy = begin + job.Options.Deadline,
        Express = ShortWay.IsFor(job, items ?? job.Items, settings),
        Pages = job.Pages?.Count,
    };

    /// <summary>The job under a control that was heard of; an older one than the one known changes nothing.</summary>
    public JobRun Under(JobControl control) => control.Version <= Control.Version
        ? this
        : this with { Control = control, LaneChunks = control.Epoch == Control.Epoch ? LaneChunks : [] };
}

/// <summary>A page that was begun in an execution before and is not in the output yet.</summary>
/// <param name="Plan">The page.</param>
/// <param name="Done">Whether every item has answered.</param>
/// <param name="Answered">Items that have.</param>
internal sealed record CarriedPage(PagePlan Plan, bool Done, long Answered);

/// <summary>What a job runs again for.</summary>
/// <param name="Selection">Name of the blob that says which parked items it is about.</param>
/// <param name="Discard">Whether they are discarded instead of run.</param>
/// <param name="Fingerprint">SHA-256 of the request, in hex: tells a repeated call from a different one.</param>
internal sealed record RedriveOrder(string Selection, bool Discard, string? Fingerprint = null);

/// <summary>What items have come to.</summary>
/// <param name="Succeeded">Those that succeeded.</param>
/// <param name="Failed">Those that failed for good.</param>
/// <param name="Canceled">Those that were not run to their end.</param>
/// <param name="Discarded">Those that a person has discarded.</param>
internal sealed record Totals(long Succeeded, long Failed, long Canceled, long Discarded)
{
    public static Totals operator +(Totals a, Totals b) =>
        new(a.Succeeded + b.Succeeded, a.Failed + b.Failed, a.Canceled + b.Canceled, a.Discarded + b.Discarded);

    public static Totals operator -(Totals a, Totals b) =>
        new(a.Succeeded - b.Succeeded, a.Failed - b.Failed, a.Canceled - b.Canceled, a.Discarded - b.Discarded);
}

/// <summary>The job orchestrator's custom status: what the status endpoint adds to the counts of the pages in flight.</summary>
/// <param name="Pages">Pages in the plan.</param>
/// <param name="CompletedPages">Pages done.</param>
/// <param name="Totals">What their items have come to.</param>
/// <param name="StartedAt">When the round was begun.</param>
/// <param name="InFlight">Numbers of the pages being dispatched or collected, or interrupted in it.</param>
/// <param name="Round">The round that their parts belong to.</param>
internal sealed record JobProgress(
    int Pages, int CompletedPages, Totals Totals, DateTimeOffset? StartedAt, IReadOnlyList<int> InFlight, int Round)
{
    /// <summary>What runs of chunks of the pages done have measured in this round; null before anything was.</summary>
    public RunSums? Sums { get; init; }

    /// <summary>Pages in flight at most, as of now; null in a status that was written before this was told.</summary>
    public int? Window { get; init; }
}

/// <summary>What a job's orchestration returns.</summary>
/// <param name="Items">Number of items.</param>
/// <param name="Totals">What they have come to.</param>
/// <param name="Stopped">Why the job was ended early; null if it was not.</param>
internal sealed record JobSummary(long Items, Totals Totals, JobError? Stopped = null)
{
    /// <summary>The status that the job has ended in.</summary>
    [JsonIgnore]
    public JobStatus Status => Stopped switch
    {
        null => JobStatus.Succeeded,
        { Code: JobControl.Canceled } => JobStatus.Canceled,
        _ => JobStatus.Failed,
    };
}
