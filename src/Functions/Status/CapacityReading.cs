using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;

namespace ModelJobs.Functions.Status;

/// <summary>What a job's measurements say of its capacity. docs/capacity.md derives it.</summary>
internal static class CapacityReading
{
    /// <summary>Cycles that each node must have ended before the time that is left is taken from them: the first one may be of a cold model.</summary>
    private const int EnoughCycles = 2;

    /// <summary>How long answers wait for their part, and parts for the status, at most to be reckoned with: a job that stands still has not come nearer to its end.</summary>
    private static readonly TimeSpan MostUnseen = TimeSpan.FromSeconds(5);

    /// <summary>More than this says nothing: of a job of millions of chunks a few have run, and then it was paused.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private const int Digits = 6;

    /// <summary>The capacity of the nodes that ran the job's chunks.</summary>
    /// <param name="sums">What was measured in the round.</param>
    /// <param name="mostAtOnce">How many chunks may run at once; null if any number may.</param>
    /// <returns>Null if nothing was measured.</returns>
    public static JobCapacity? Of(RunSums sums, int? mostAtOnce)
    {
        if (sums.Runs == 0 || sums.MeanCycle <= TimeSpan.Zero)
        {
            return null;
        }

        var model = ModelOf(sums, mostAtOnce);
        var span = sums.Span.TotalSeconds;
        return new JobCapacity
        {
            Nodes = (int)model.Nodes,
            TaskSeconds = Rounded(model.TaskSeconds),
            QueueSeconds = Rounded(model.QueueSeconds),
            BalanceSeconds = Rounded(model.BalanceSeconds),
            QueueWaitSeconds = Rounded(RunSums.Mean(sums.Wait, sums.Runs).TotalSeconds),
            Parallelism = Rounded(model.Parallelism),
            ParallelismObserved = span > 0 ? Rounded(sums.Task.TotalSeconds / span) : null,
            EventsPerSecond = Rounded(model.EventsPerSecond),
            EventsPerSecondObserved = span > 0 ? Rounded(sums.Runs / span) : null,
        };
    }

    /// <summary>How long the rest of the job takes.</summary>
    /// <param name="sums">What was measured in the round.</param>
    /// <param name="mostAtOnce">How many chunks may run at once; null if any number may.</param>
    /// <param name="openItems">Items that have no result yet.</param>
    /// <param name="now">When that was so.</param>
    /// <returns>Null if not enough was measured.</returns>
    public static TimeSpan? TimeLeft(RunSums sums, int? mostAtOnce, long openItems, DateTimeOffset now)
    {
        if (sums.Runs == 0 || sums.Items == 0 || sums.MeanCycle <= TimeSpan.Zero || sums.Span <= TimeSpan.Zero)
        {
            return null;
        }

        var model = ModelOf(sums, mostAtOnce);
        if (sums.Runs < EnoughCycles * model.Nodes)
        {
            return null;
        }

        // Nodes that run other jobs' chunks as well, or find none for a while, give the job a part of their time: what they have given is
        // measured. They begin and end within a cycle of each other.
        var span = sums.Span - sums.MeanCycle;
        var given = span > TimeSpan.Zero ? sums.Runs * sums.MeanCycle / span : model.Nodes;
        var perSecond = model.EventsPerSecond * Math.Min(1, given / model.Nodes);
        var seconds = openItems * ((double)sums.Runs / sums.Items) / perSecond;
        if (seconds > Longest.TotalSeconds)
        {
            return null;
        }

        var left = TimeSpan.FromSeconds(seconds);
        // As of the last answer that is counted: what has been done since is not seen yet.
        var unseen = Shortest(now - DateTimeOffset.FromUnixTimeMilliseconds(sums.AnsweredAt), MostUnseen + sums.MeanCycle, left / 2);
        return unseen > TimeSpan.Zero ? left - unseen : left;
    }

    private static TimeSpan Shortest(TimeSpan a, TimeSpan b, TimeSpan c) => a < b ? a < c ? a : c : b < c ? b : c;

    private static CapacityModel ModelOf(RunSums sums, int? mostAtOnce) => new(
        Math.Max(1, Math.Min(sums.Nodes, mostAtOnce ?? int.MaxValue)),
        RunSums.Mean(sums.Task, sums.Runs).TotalSeconds,
        RunSums.Mean(sums.Idle, sums.Runs).TotalSeconds,
        sums.MeanBalance.TotalSeconds);

    private static double Rounded(double value) => Math.Round(value, Digits);
}
