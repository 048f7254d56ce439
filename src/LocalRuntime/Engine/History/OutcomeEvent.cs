using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>The answer to a request of the orchestrator.</summary>
/// <param name="Timestamp">When it arrived.</param>
/// <param name="TaskId">Number of the request, see <see cref="ActionEvent"/>.</param>
internal abstract record OutcomeEvent(DateTime Timestamp, int TaskId) : HistoryEvent(Timestamp);

internal sealed record TaskCompleted(DateTime Timestamp, int TaskId, string? Result) : OutcomeEvent(Timestamp, TaskId);

internal sealed record TaskFailed(DateTime Timestamp, int TaskId, TaskFailureDetails Failure) : OutcomeEvent(Timestamp, TaskId);

internal sealed record TimerFired(DateTime Timestamp, int TaskId, DateTime FireAt) : OutcomeEvent(Timestamp, TaskId);

internal sealed record SubOrchestrationInstanceCompleted(DateTime Timestamp, int TaskId, string? Result)
    : OutcomeEvent(Timestamp, TaskId);

internal sealed record SubOrchestrationInstanceFailed(DateTime Timestamp, int TaskId, TaskFailureDetails Failure)
    : OutcomeEvent(Timestamp, TaskId);
