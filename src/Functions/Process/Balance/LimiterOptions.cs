namespace ModelJobs.Functions.Process.Balance;

/// <summary>The bounds within which an <see cref="AdaptiveLimiter"/> finds what an endpoint bears.</summary>
public sealed record LimiterOptions
{
    /// <summary>Calls in flight before anything is known of the endpoint.</summary>
    public int InitialConcurrency { get; init; } = 4;

    /// <summary>Most calls in flight, however well the endpoint bears them.</summary>
    public int MaxConcurrency { get; init; } = 256;

    /// <summary>Calls a minute that all instances together may make; null if only the endpoint limits them.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute, of prompts and answers, that all instances together may use; null if only the endpoint limits them.</summary>
    public int? TokensPerMinute { get; init; }
}
