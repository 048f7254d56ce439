using ModelJobs.Functions.Collect;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>
/// How many pages of a job are in flight at once: enough to keep a fast model busy, and no backlog of a slow or throttled one in front of other
/// jobs' chunks. As TCP does it: begins with few, grows with each page that ends well (slow start), faster while chunks hardly wait, and once it has been too large
/// only with each windowful of them (additive increase), and is halved when chunks wait too long or many calls are throttled (multiplicative decrease).
/// Everything comes from what pages report and from the orchestrator's clock, so that a replay decides the same.
/// </summary>
/// <param name="Pages">Pages in flight at most.</param>
/// <param name="Ended">Pages that have ended well since it changed.</param>
/// <param name="WasTooLarge">Whether it was ever halved: slow start is over.</param>
/// <param name="HeardBefore">Pages before this one were begun before it was halved, and say nothing against what it is now.</param>
internal sealed record DispatchWindow(int Pages = DispatchWindow.First, int Ended = 0, bool WasTooLarge = false, int HeardBefore = 0)
{
    /// <summary>Pages in flight at first: one that runs and one that is ready.</summary>
    public const int First = 2;

    /// <summary>Of calls that are throttled, many: so much of the attempts.</summary>
    public const double ManyThrottled = 0.1;

    /// <summary>While chunks wait less than this part of what they may, twice as many pages would still not make them wait long.</summary>
    private const int FarBelow = 4;

    /// <summary>How long chunks may wait in their queue on average: what a job that comes later waits behind this one.</summary>
    public static readonly TimeSpan TargetWait = TimeSpan.FromSeconds(30);

    /// <summary>What a window is once a page has ended.</summary>
    /// <param name="page">Number of the page.</param>
    /// <param name="nextPage">Number of the page that is begun next.</param>
    /// <param name="sums">What its runs measured; null if nothing did.</param>
    /// <param name="took">How long it took, from its beginning; null if that is not known.</param>
    /// <param name="most">The window's bound.</param>
    public DispatchWindow After(int page, int nextPage, RunSums? sums, TimeSpan? took, int most)
    {
        var waited = WaitOf(sums, took);
        if (waited > TargetWait || sums?.Throttled > sums?.Attempts * ManyThrottled)
        {
            return page < HeardBefore ? this : new DispatchWindow(Math.Max(1, Math.Min(Pages, most) / 2), 0, WasTooLarge: true, nextPage);
        }

        var ended = Ended + 1;
        var more = !WasTooLarge && waited * FarBelow < TargetWait ? 2 * Pages
            : !WasTooLarge || ended >= Pages ? Pages + 1
            : Pages;
        return this with { Pages = Math.Min(more, most), Ended = more > Pages ? 0 : ended };
    }

    // Of a page whose workers do not measure, the last chunk has waited for nearly all of the time and the first for none.
    private static TimeSpan WaitOf(RunSums? sums, TimeSpan? took) =>
        sums is { Runs: > 0 } ? RunSums.Mean(sums.Wait, sums.Runs) : took / 2 ?? TimeSpan.Zero;
}
