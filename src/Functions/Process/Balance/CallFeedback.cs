namespace ModelJobs.Functions.Process.Balance;

/// <summary>What a call's end says about the endpoint.</summary>
public enum CallResult
{
    /// <summary>The endpoint answered; its latency counts.</summary>
    Answered,

    /// <summary>The endpoint refused the call because there are too many.</summary>
    Throttled,

    /// <summary>The endpoint failed or was too slow.</summary>
    Failed,

    /// <summary>The call ended for reasons of the caller; it says nothing about the endpoint.</summary>
    Abandoned,
}

/// <summary>How a call ended.</summary>
/// <param name="Result">How.</param>
/// <param name="Tokens">Tokens that it used; null if the endpoint did not say.</param>
/// <param name="Limits">What the answer's headers say.</param>
public readonly record struct CallFeedback(CallResult Result, int? Tokens = null, RateLimitHeaders? Limits = null);
