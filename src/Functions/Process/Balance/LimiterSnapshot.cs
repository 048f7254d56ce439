namespace ModelJobs.Functions.Process.Balance;

/// <summary>What an instance has found out about a model's endpoint, and how it uses it.</summary>
public sealed record LimiterSnapshot
{
    /// <summary>Calls that may be in flight at once.</summary>
    public required int Window { get; init; }

    /// <summary>Calls in flight.</summary>
    public required int InFlight { get; init; }

    /// <summary>Calls that wait for their turn.</summary>
    public required int Waiting { get; init; }

    /// <summary>Jobs with calls that wait.</summary>
    public required int WaitingJobs { get; init; }

    /// <summary>The weights of those jobs, added up: how many turns there are until each has had what it is due.</summary>
    public required int WaitingWeight { get; init; }

    /// <summary>Calls that ended, since the start.</summary>
    public required long Calls { get; init; }

    /// <summary>Those of <see cref="Calls"/> that the endpoint throttled.</summary>
    public required long Throttled { get; init; }

    /// <summary>Tokens of prompts and answers, since the start.</summary>
    public required long Tokens { get; init; }

    /// <summary>Calls a minute that are allowed now: the least of settings, the endpoint's headers and what was learned from throttled calls; null if none of them limits.</summary>
    public required double? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute that are allowed now; null if nothing limits them.</summary>
    public required double? TokensPerMinute { get; init; }

    /// <summary>Calls a minute that the endpoint's headers allow to all of its callers together; null if they do not tell.</summary>
    public required double? EndpointRequestsPerMinute { get; init; }

    /// <summary>Tokens a minute that they allow.</summary>
    public required double? EndpointTokensPerMinute { get; init; }

    /// <summary>How long a call takes when the endpoint is not crowded; null before the first answer.</summary>
    public required TimeSpan? Latency { get; init; }

    /// <summary>How long no call is made because the endpoint asked for a pause.</summary>
    public required TimeSpan PausedFor { get; init; }
}
