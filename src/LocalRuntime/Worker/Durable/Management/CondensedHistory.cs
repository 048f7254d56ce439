using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>
/// A history as the HTTP API shows it: turns and ids are left out, and an answered request appears as its answer only, which carries the
/// request's time, function and input. Beyond what Azure shows, the answer of a sub-orchestration carries its id.
/// </summary>
internal static class CondensedHistory
{
    /// <param name="history">The events.</param>
    /// <param name="showInput">Whether to show what functions were called with.</param>
    /// <param name="showOutput">Whether to show what they returned.</param>
    public static List<CondensedEvent> Of(IReadOnlyList<HistoryEvent> history, bool showInput, bool showOutput)
    {
        // A rewound history may have a number twice; the last is the one that was answered.
        Dictionary<int, HistoryEvent> requests = [];
        foreach (var request in history.Where(e => e is TaskScheduledEvent or SubOrchestrationInstanceCreatedEvent))
        {
            requests[request.EventId] = request;
        }

        var answered = history.Where(e => e is not TimerFiredEvent).Select(Outcome.TaskOf).OfType<int>()
            .Select(requests.GetValueOrDefault).OfType<HistoryEvent>().ToHashSet();
        return
        [
            .. history.Where(e => e is not (OrchestratorStartedEvent or OrchestratorCompletedEvent) && !answered.Contains(e))
                .Select(e => Condense(e, showOutput) is var condensed && Outcome.TaskOf(e) is { } id && e is not TimerFiredEvent
                    ? Complete(condensed, requests.GetValueOrDefault(id))
                    : condensed)
                .Select(e => showInput ? e : e with { Input = null }),
        ];
    }

    private static CondensedEvent Condense(HistoryEvent e, bool showOutput)
    {
        var condensed = new CondensedEvent { EventType = e.EventType.ToString(), Timestamp = e.Timestamp };
        return e switch
        {
            ExecutionStartedEvent started => condensed with { FunctionName = started.Name, Input = started.Input },
            TaskScheduledEvent task => condensed with { Name = task.Name, Input = task.Input },
            TimerCreatedEvent timer => condensed with { FireAt = timer.FireAt },
            TimerFiredEvent fired => condensed with { FireAt = fired.FireAt },
            SubOrchestrationInstanceCreatedEvent child => condensed with { Name = child.Name, InstanceId = child.InstanceId, Input = child.Input },
            EventSentEvent sent => condensed with { Name = sent.Name, InstanceId = sent.InstanceId, Input = sent.Input },
            EventRaisedEvent raised => condensed with { Name = raised.Name, Input = raised.Input },
            TaskCompletedEvent completed => condensed with { Result = showOutput ? PayloadJson.Read(completed.Result) : default },
            SubOrchestrationInstanceCompletedEvent completed
                => condensed with { Result = showOutput ? PayloadJson.Read(completed.Result) : default },
            TaskFailedEvent failed
                => condensed with { Reason = failed.Reason, Details = failed.Details, FailureDetails = failed.FailureDetails },
            SubOrchestrationInstanceFailedEvent failed
                => condensed with { Reason = failed.Reason, Details = failed.Details, FailureDetails = failed.FailureDetails },
            ExecutionCompletedEvent completed => condensed with
            {
                OrchestrationStatus = completed.OrchestrationStatus.ToString(),
                Result = showOutput ? PayloadJson.Read(completed.Result) : default,
                FailureDetails = completed.FailureDetails,
            },
            ExecutionTerminatedEvent terminated => condensed with { Input = terminated.Input },
            ExecutionSuspendedEvent suspended => condensed with { Reason = suspended.Reason },
            ExecutionResumedEvent resumed => condensed with { Reason = resumed.Reason },
            ExecutionRewoundEvent rewound => condensed with { Reason = rewound.Reason },
            _ => condensed,
        };
    }

    private static CondensedEvent Complete(CondensedEvent answer, HistoryEvent? request) => request switch
    {
        TaskScheduledEvent task => answer with { ScheduledTime = task.Timestamp, FunctionName = task.Name, Input = task.Input },
        SubOrchestrationInstanceCreatedEvent child
            => answer with { ScheduledTime = child.Timestamp, FunctionName = child.Name, InstanceId = child.InstanceId, Input = child.Input },
        _ => answer,
    };
}
