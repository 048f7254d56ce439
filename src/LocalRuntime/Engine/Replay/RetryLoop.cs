using System.Runtime.ExceptionServices;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Tries a call again after failures. It is orchestrator code: replay runs it again, and its delays are durable timers.</summary>
internal static class RetryLoop
{
    public static Task<T> Run<T>(TaskOrchestrationContext context, TaskRetryOptions? retry, Func<Task<T>> call) => retry switch
    {
        { Policy: { } policy } => Run(context, policy, call),
        { Handler: { } handler } => Run(context, handler, call),
        _ => call(),
    };

    private static async Task<T> Run<T>(TaskOrchestrationContext context, RetryPolicy policy, Func<Task<T>> call)
    {
        var firstAttempt = context.CurrentUtcDateTime;
        for (var failures = 1; ; failures++)
        {
            TaskFailedException failure;
            try
            {
                return await call();
            }
            catch (TaskFailedException exception) when (!exception.IsNonRetriable)
            {
                failure = exception;
            }

            if (failures >= policy.MaxNumberOfAttempts)
            {
                // It waits for nothing, but Azure's histories have it, and so must these to be the same.
                await context.CreateTimer(context.CurrentUtcDateTime, CancellationToken.None);
                ExceptionDispatchInfo.Throw(failure);
            }

            if (!ShouldRetry(policy, failure) || IsTooLate(policy, context.CurrentUtcDateTime - firstAttempt))
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            await context.CreateTimer(DelayAfter(failures, policy), CancellationToken.None);
        }
    }

    /// <summary>As in Azure, a choice that throws is a no: the failure at hand matters more.</summary>
    private static bool ShouldRetry(RetryPolicy policy, TaskFailedException failure)
    {
        try
        {
            return policy.ShouldRetry(failure.FailureDetails);
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static bool IsTooLate(RetryPolicy policy, TimeSpan elapsed)
        => policy.RetryTimeout != Timeout.InfiniteTimeSpan && elapsed >= policy.RetryTimeout;

    private static TimeSpan DelayAfter(int failures, RetryPolicy policy)
    {
        var milliseconds = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, failures - 1);
        var longest = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        return milliseconds < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : longest;
    }

    private static async Task<T> Run<T>(TaskOrchestrationContext context, AsyncRetryHandler handler, Func<Task<T>> call)
    {
        var firstAttempt = context.CurrentUtcDateTime;
        for (var failures = 0; ;)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException exception) when (!exception.IsNonRetriable)
            {
                failures++;
                var elapsed = context.CurrentUtcDateTime - firstAttempt;
                if (!await handler(new RetryContext(context, failures, exception.FailureDetails, elapsed, CancellationToken.None)))
                {
                    throw;
                }
            }
        }
    }
}
