using ModelJobs.Cli.Output;

namespace ModelJobs.Cli.History;

/// <summary>What a row of a printed timeline says first of all.</summary>
internal enum RowTone
{
    /// <summary>It went well.</summary>
    Plain,

    /// <summary>It is still open.</summary>
    Open,

    /// <summary>It went well in the end, or time was lost.</summary>
    Warning,

    /// <summary>It failed.</summary>
    Failed,
}

/// <summary>A row of a printed timeline.</summary>
/// <param name="Start">When it began.</param>
/// <param name="End">When it ended, or now.</param>
/// <param name="Title">What it is.</param>
/// <param name="Detail">More about it.</param>
/// <param name="Tone">How to show it.</param>
/// <param name="Step">The step, if it is a single one.</param>
internal sealed record TimelineRow(DateTimeOffset Start, DateTimeOffset End, string Title, string Detail, RowTone Tone, Step? Step = null);

/// <summary>Chooses the rows: every step of a short history; of a long one a row for each kind of step, and those that stand out.</summary>
internal static class TimelineRows
{
    /// <summary>Most steps that are shown one by one unless all are asked for.</summary>
    public const int MaxSteps = 40;

    /// <summary>Most steps of each kind that stand out of a long history: the slowest, the failed, the open.</summary>
    private const int MaxOutstanding = 3;

    /// <summary>The rows of a timeline in the order of their starts.</summary>
    /// <param name="timeline">The timeline.</param>
    /// <param name="all">Whether to show every step however many there are.</param>
    public static IReadOnlyList<TimelineRow> Of(Timeline timeline, bool all)
    {
        var steps = all || timeline.Steps.Count <= MaxSteps
            ? timeline.Steps.Select(step => Row(step, timeline.End))
            : timeline.Steps.GroupBy(step => (step.Kind, step.Name)).SelectMany(group => Collapse([.. group], timeline.End));
        var gaps = timeline.Gaps.Select(gap => new TimelineRow(gap.Start, gap.End, "nothing in work", "", RowTone.Warning));
        return [.. steps.Concat(gaps).OrderBy(row => row.Start)];
    }

    private static IEnumerable<TimelineRow> Collapse(List<Step> steps, DateTimeOffset now)
    {
        if (steps.Count <= MaxOutstanding)
        {
            return steps.Select(step => Row(step, now));
        }

        var outstanding = steps.Where(step => step.HasFailed).Take(MaxOutstanding)
            .Concat(steps.Where(step => step.End is null).Take(MaxOutstanding))
            .Concat(steps.OrderByDescending(step => step.Duration(now)).Take(MaxOutstanding))
            .Distinct();
        return [Summary(steps, now), .. outstanding.Select(step => Row(step, now)).Select(row => row.Detail.Length > 0 ? row : row with { Detail = "among the slowest" })];
    }

    private static TimelineRow Summary(List<Step> steps, DateTimeOffset now)
    {
        List<string> parts = [$"{JobText.Duration(steps.Average(step => step.Duration(now)))} each on average"];
        var failed = steps.Count(step => step.HasFailed);
        var retried = steps.Count(step => !step.HasFailed && step.Failures.Count > 0);
        var open = steps.Count(step => step.End is null);
        if (failed > 0)
        {
            parts.Add($"{JobText.Count(failed)} failed");
        }

        if (retried > 0)
        {
            parts.Add($"{JobText.Count(retried)} tried again");
        }

        if (open > 0)
        {
            parts.Add($"{JobText.Count(open)} open");
        }

        return new TimelineRow(
            steps.Min(step => step.Start),
            steps.Max(step => step.End ?? now),
            $"{steps[0].Name} × {JobText.Count(steps.Count)}",
            string.Join(", ", parts),
            failed > 0 ? RowTone.Failed : open > 0 ? RowTone.Open : RowTone.Plain);
    }

    private static TimelineRow Row(Step step, DateTimeOffset now) => new(
        step.Start,
        step.End ?? now,
        step.Label is { } label ? $"{step.Name} ({label})" : step.Name,
        Detail(step, now),
        step switch
        {
            { HasFailed: true } => RowTone.Failed,
            { End: null } => RowTone.Open,
            { Failures.Count: > 0 } or { Kind: StepKind.Signal } => RowTone.Warning,
            _ => RowTone.Plain,
        },
        step);

    private static string Detail(Step step, DateTimeOffset now)
    {
        var last = step.Failures.Count > 0 ? step.Failures[^1] : "";
        return step switch
        {
            { HasFailed: true, Failures.Count: 1 } => $"failed: {last}",
            { HasFailed: true } => $"failed after {step.Failures.Count} attempts: {last}",
            { RetryAt: { } due } when due > now => $"attempt {step.Failures.Count + 1} in {JobText.Duration(due - now)}, after: {last}",
            { RetryAt: not null } => $"attempt {step.Failures.Count + 1} is due, after: {last}",
            { End: null, Failures.Count: > 0 } => $"attempt {step.Failures.Count + 1} runs, after: {last}",
            { End: null } => "runs",
            { Failures.Count: > 0 } => $"{step.Failures.Count + 1} attempts, before: {last}",
            _ => step.Detail ?? "",
        };
    }

    private static TimeSpan Average(this List<Step> steps, Func<Step, TimeSpan> duration) =>
        TimeSpan.FromTicks((long)steps.Average(step => (double)duration(step).Ticks));
}
