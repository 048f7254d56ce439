using System.Text.Json;

namespace ModelJobs.Cli.History;

/// <summary>An orchestration's history as a person reads it: steps, and the times in which nothing was in work.</summary>
internal sealed class Timeline
{
    /// <summary>Shorter times without work are the orchestrator's own turns.</summary>
    private static readonly TimeSpan LeastGap = TimeSpan.FromSeconds(1);

    /// <summary>A gap worth telling is at least this part of the whole.</summary>
    private const double LeastGapShare = 0.02;

    /// <param name="status">The orchestration with its history.</param>
    /// <param name="now">The time now, for what is still open.</param>
    public Timeline(OrchestrationStatus status, DateTimeOffset now)
    {
        var events = status.HistoryEvents ?? [];
        Status = status;
        Steps = StepReader.Read(events);
        var started = events.FirstOrDefault(e => e.EventType == "ExecutionStarted");
        var completed = events.LastOrDefault(e => e.EventType == "ExecutionCompleted");
        Start = started?.Timestamp ?? status.LastUpdatedTime;
        // The service's clock may be ahead of this one.
        var last = events.Count == 0 ? Start : events.Max(e => e.Timestamp);
        End = completed?.Timestamp ?? (status.HasEnded || now < last ? last : now);
        Failure = completed is { OrchestrationStatus: "Failed" } ? completed.FailureDetails?.ErrorMessage ?? Text(status.Output) : null;
        PagesBefore = PagesIn(started?.Input);
        Gaps = [.. FindGaps()];
    }

    /// <summary>The orchestration.</summary>
    public OrchestrationStatus Status { get; }

    /// <summary>When the execution began (UTC).</summary>
    public DateTimeOffset Start { get; }

    /// <summary>When it ended, or now (UTC).</summary>
    public DateTimeOffset End { get; }

    /// <summary>How long it has taken so far.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>What it failed with; null if it did not.</summary>
    public string? Failure { get; }

    /// <summary>Pages of a job that were done in earlier executions, whose history is gone; 0 if there were none.</summary>
    public int PagesBefore { get; }

    /// <summary>What was done, in the order in which it began.</summary>
    public IReadOnlyList<Step> Steps { get; }

    /// <summary>Times worth telling in which nothing was in work, in their order.</summary>
    public IReadOnlyList<(DateTimeOffset Start, DateTimeOffset End)> Gaps { get; }

    private IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> FindGaps()
    {
        var least = LeastGap > Duration * LeastGapShare ? LeastGap : Duration * LeastGapShare;
        var busyUntil = Start;
        foreach (var step in Steps.Where(step => step.Kind != StepKind.Signal).Append(new Step(StepKind.Signal, "", End, End)))
        {
            if (step.Start - busyUntil >= least)
            {
                yield return (busyUntil, step.Start);
            }

            var end = step.End ?? End;
            busyUntil = end > busyUntil ? end : busyUntil;
        }
    }

    private static string? Text(JsonElement? output) => output is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>A job that continues as new says in its input how far it came.</summary>
    private static int PagesIn(string? input)
    {
        try
        {
            return input is not null
                && JsonElement.Parse(input) is { ValueKind: JsonValueKind.Object } run
                && run.TryGetProperty("NextPage", out var page)
                && page.TryGetInt32(out var number)
                ? number
                : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }
}
