using ModelJobs.Contracts;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Status;

/// <summary>
/// A job's counts at a moment. In a redrive, an item of a page in flight is counted as what it had come to before until the page is done,
/// and again as what it has come to now: the older count gives way.
/// </summary>
internal sealed class JobCounts
{
    /// <summary>No items.</summary>
    public static readonly Totals None = new(0, 0, 0, 0);

    /// <param name="run">The job.</param>
    /// <param name="done">What the items of the pages done have come to; in a redrive, those of all pages.</param>
    /// <param name="inFlight">What those of the pages in flight have come to in this round.</param>
    public JobCounts(JobRun run, Totals done, Totals inFlight)
    {
        var total = run.Job.Items;
        var twice = run.Before is null ? 0 : Math.Max(0, Sum(done) + Sum(inFlight) - total);
        var failedTwice = Math.Min(twice, done.Failed);
        var counted = done - new Totals(0, failedTwice, Math.Min(twice - failedTwice, done.Canceled), 0) + inFlight;
        Items = new ItemCounts(total, counted.Succeeded, counted.Failed, counted.Canceled, counted.Discarded);

        var settled = run.Before is null ? Sum(counted) : counted.Succeeded + counted.Discarded;
        var earlier = run.Before is { } before ? before.Succeeded + before.Discarded : 0;
        settled = Math.Min(total, settled);
        Answered = Math.Max(0, settled - earlier);
        Open = total - settled;
        Percent = Math.Floor(10_000.0 * settled / total) / 100;
    }

    /// <summary>The counts as a caller sees them.</summary>
    public ItemCounts Items { get; }

    /// <summary>Items that have got their result in this round: of a redrive, those that have succeeded or were discarded since.</summary>
    public long Answered { get; }

    /// <summary>Items that have no result yet; of a redrive, those that have not succeeded.</summary>
    public long Open { get; }

    /// <summary>Share of the items that have one, 0 to 100.</summary>
    public double Percent { get; }

    private static long Sum(Totals totals) => totals.Succeeded + totals.Failed + totals.Canceled + totals.Discarded;
}
