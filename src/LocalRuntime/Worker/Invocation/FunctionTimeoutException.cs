namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>A function ran longer than <c>functionTimeout</c> of host.json.</summary>
internal sealed class FunctionTimeoutException(string functionName, TimeSpan timeout)
    : TimeoutException($"Function '{functionName}' exceeded the functionTimeout of host.json, {timeout}.");
