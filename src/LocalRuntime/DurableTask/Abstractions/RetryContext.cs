namespace Microsoft.DurableTask;

/// <summary>
/// What a retry handler decides upon. LastAttemptNumber is 1 after the first failure; TotalRetryTime runs since the first attempt,
/// in the orchestration's own time.
/// </summary>
public record RetryContext(
    TaskOrchestrationContext OrchestrationContext,
    int LastAttemptNumber,
    TaskFailureDetails LastFailure,
    TimeSpan TotalRetryTime,
    CancellationToken CancellationToken);
