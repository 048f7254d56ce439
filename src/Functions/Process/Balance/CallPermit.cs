namespace ModelJobs.Functions.Process.Balance;

/// <summary>The permission to make one call. Disposed of without having been completed, it counts as abandoned.</summary>
public sealed class CallPermit : IDisposable
{
    private readonly AdaptiveLimiter.Call _call;
    private AdaptiveLimiter? _limiter;

    internal CallPermit(AdaptiveLimiter limiter, AdaptiveLimiter.Call call)
    {
        _limiter = limiter;
        _call = call;
    }

    /// <summary>Tells how the call ended. Only the first word counts.</summary>
    public void Complete(CallFeedback feedback) => Interlocked.Exchange(ref _limiter, null)?.Complete(_call, feedback);

    /// <inheritdoc/>
    public void Dispose() => Complete(new CallFeedback(CallResult.Abandoned));
}
