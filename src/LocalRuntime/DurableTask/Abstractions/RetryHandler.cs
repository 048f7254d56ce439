namespace Microsoft.DurableTask;

/// <summary>Says whether to try again; runs as orchestrator code, so it must be deterministic.</summary>
public delegate bool RetryHandler(RetryContext retryContext);

/// <summary>As <see cref="RetryHandler"/>; may await durable tasks, a timer for instance.</summary>
public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);
