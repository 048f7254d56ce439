using System.Globalization;
using System.Text.Json;

namespace ModelJobs.Cli.History;

/// <summary>
/// Makes steps of a history's events. A failed attempt is followed by a timer and then by the next attempt: those become one step. The API
/// does not number requests, so attempts are matched by function and time.
/// </summary>
internal static class StepReader
{
    /// <summary>Clocks of the instances that write one history differ a little.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <summary>How long after a failure the orchestrator may have taken to make the timer for the next attempt.</summary>
    private static readonly TimeSpan LongestTurnaround = TimeSpan.FromMinutes(2);

    /// <summary>The steps in the order in which they began.</summary>
    public static IReadOnlyList<Step> Read(IReadOnlyList<OrchestrationEvent> events)
    {
        List<OrchestrationEvent> timers = [.. events.Where(e => e.EventType == "TimerCreated")];
        List<DateTimeOffset?> fired = [.. events.Where(e => e.EventType == "TimerFired").Select(e => e.FireAt)];
        var hasEnded = events.Any(e => e.EventType == "ExecutionCompleted");
        var calls = new LinkedList<Step>(events.Select(Call).OfType<Step>().OrderBy(step => step.Start));
        List<Step> steps = [.. events.Select(Signal).OfType<Step>()];
        while (calls.First is { } first)
        {
            calls.RemoveFirst();
            steps.Add(WithLaterAttempts(first.Value, calls, timers, due => hasEnded || fired.Contains(due)));
        }
        foreach (var timer in timers)
        {
            steps.Add(new Step(StepKind.Wait, "timer", timer.Timestamp, fired.Remove(timer.FireAt) ? timer.FireAt : null));
        }

        return [.. steps.OrderBy(step => step.Start)];
    }

    private static Step? Call(OrchestrationEvent e) => e.EventType switch
    {
        "TaskCompleted" => Answered(StepKind.Activity, e),
        "TaskFailed" => Failed(StepKind.Activity, e),
        "TaskScheduled" => new Step(StepKind.Activity, e.Name ?? "", e.Timestamp, null),
        "SubOrchestrationInstanceCompleted" => Answered(StepKind.SubOrchestration, e) with { Label = PageOf(e), InstanceId = e.InstanceId },
        "SubOrchestrationInstanceFailed" => Failed(StepKind.SubOrchestration, e) with { Label = PageOf(e), InstanceId = e.InstanceId },
        "SubOrchestrationInstanceCreated" =>
            new Step(StepKind.SubOrchestration, e.Name ?? "", e.Timestamp, null) { Label = PageOf(e), InstanceId = e.InstanceId },
        _ => null,
    };

    private static Step? Signal(OrchestrationEvent e) => e.EventType switch
    {
        "EventRaised" => new Step(StepKind.Signal, $"event {e.Name}", e.Timestamp, e.Timestamp),
        "ExecutionSuspended" => new Step(StepKind.Signal, "suspended", e.Timestamp, e.Timestamp) { Detail = e.Reason },
        "ExecutionResumed" => new Step(StepKind.Signal, "resumed", e.Timestamp, e.Timestamp) { Detail = e.Reason },
        "ExecutionTerminated" => new Step(StepKind.Signal, "terminated", e.Timestamp, e.Timestamp) { Detail = e.Input },
        "ExecutionRewound" => new Step(StepKind.Signal, "rewound", e.Timestamp, e.Timestamp) { Detail = e.Reason },
        _ => null,
    };

    private static Step Answered(StepKind kind, OrchestrationEvent e) =>
        new(kind, e.FunctionName ?? "", e.ScheduledTime ?? e.Timestamp, e.Timestamp);

    private static Step Failed(StepKind kind, OrchestrationEvent e) => Answered(kind, e) with
    {
        HasFailed = true,
        Failures = [e.FailureDetails?.ErrorMessage ?? e.Reason ?? "no reason was given"],
    };

    /// <summary>Page orchestrations are named after their page, and report it.</summary>
    private static string? PageOf(OrchestrationEvent e)
    {
        if (e.Result is { ValueKind: JsonValueKind.Object } result && result.TryGetProperty("Page", out var page))
        {
            return $"page {page}";
        }

        var parts = e.InstanceId?.Split('-') ?? [];
        return parts is ["page", .., var number, _] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? string.Create(CultureInfo.InvariantCulture, $"page {index}")
            : null;
    }

    /// <param name="step">A first attempt.</param>
    /// <param name="calls">Attempts that began later; those of the same call are taken out.</param>
    /// <param name="timers">Timers; those between attempts are taken out.</param>
    /// <param name="isOver">Whether nothing comes of a timer any more.</param>
    private static Step WithLaterAttempts(
        Step step, LinkedList<Step> calls, List<OrchestrationEvent> timers, Func<DateTimeOffset, bool> isOver)
    {
        while (step is { HasFailed: true, End: { } failed } && TimerAfter(failed, timers) is { } timer)
        {
            timers.Remove(timer);
            var due = timer.FireAt ?? timer.Timestamp;
            if (Next(calls, step.Name, due) is not { } next)
            {
                // The last attempt leaves a timer behind too.
                return isOver(due) ? step : step with { HasFailed = false, End = null, RetryAt = due };
            }

            calls.Remove(next);
            step = next.Value with { Start = step.Start, Failures = [.. step.Failures, .. next.Value.Failures] };
        }
        return step;
    }

    private static OrchestrationEvent? TimerAfter(DateTimeOffset failed, List<OrchestrationEvent> timers) =>
        timers.Find(timer => timer.Timestamp >= failed - Tolerance && timer.Timestamp <= failed + LongestTurnaround);

    private static LinkedListNode<Step>? Next(LinkedList<Step> calls, string name, DateTimeOffset due)
    {
        for (var node = calls.First; node is not null; node = node.Next)
        {
            if (node.Value.Name == name && node.Value.Start >= due - Tolerance)
            {
                return node;
            }
        }

        return null;
    }
}
