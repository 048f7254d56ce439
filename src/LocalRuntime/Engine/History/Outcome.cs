using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Answers to requests of the orchestrator.</summary>
internal static class Outcome
{
    /// <returns>Number of the request that the event answers; null if it is no answer.</returns>
    public static int? TaskOf(HistoryEvent message) => message switch
    {
        TaskCompletedEvent completed => completed.TaskScheduledId,
        TaskFailedEvent failed => failed.TaskScheduledId,
        TimerFiredEvent fired => fired.TimerId,
        SubOrchestrationInstanceCompletedEvent completed => completed.TaskScheduledId,
        SubOrchestrationInstanceFailedEvent failed => failed.TaskScheduledId,
        _ => null,
    };
}
