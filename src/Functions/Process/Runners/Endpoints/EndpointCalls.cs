using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Process.Runners.Endpoints;

/// <summary>Makes calls to an endpoint: when the limiter lets them, no longer than their time-out, with each failure told apart.</summary>
internal sealed class EndpointCalls(EndpointOptions options, AdaptiveLimiter limiter, TimeProvider time)
{
    /// <summary>Makes a call.</summary>
    /// <param name="share">On whose behalf.</param>
    /// <param name="tokens">How many tokens it is expected to use.</param>
    /// <param name="call">The call. What it returns was read whole.</param>
    /// <param name="tokensOf">How many tokens an answer says that it used; null if it does not say.</param>
    /// <param name="cancellationToken">Ends the wait for the limiter, or the call.</param>
    /// <returns>The answer, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">Cancelled by the caller.</exception>
    public async Task<(T? Answer, CallFailure? Failure)> CallAsync<T>(
        JobShare share, int tokens, Func<CancellationToken, Task<T>> call, Func<T, long?> tokensOf, CancellationToken cancellationToken)
        where T : class
    {
        using var permit = await limiter.AcquireAsync(share, tokens, cancellationToken);
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var head = AnswerHead.Listen();
        try
        {
            var answer = await call(either.Token);
            permit.Complete(new CallFeedback(CallResult.Answered, (int?)tokensOf(answer), Limits(head)));
            return (answer, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var limits = Limits(head);
            var failure = CallFailure.Of(exception, head, limits, options);
            permit.Complete(new CallFeedback(failure.Result, Limits: limits));
            return (null, failure);
        }
    }

    private RateLimitHeaders Limits(AnswerHead head) => RateLimitHeaders.Read(head.Find, time.GetUtcNow());
}
