namespace ModelJobs.Contracts;

/// <summary>How the calls to a model's endpoint are balanced, over all instances that use the model now, for all of its jobs; a few seconds old.</summary>
public sealed record JobBalance
{
    /// <summary>Instances that use the model.</summary>
    public required int Instances { get; init; }

    /// <summary>Calls that may be in flight at once.</summary>
    public required int Window { get; init; }

    /// <summary>Calls in flight.</summary>
    public required int InFlight { get; init; }

    /// <summary>Calls that wait for their turn.</summary>
    public required int Waiting { get; init; }

    /// <summary>Calls that ended, since these instances started.</summary>
    public required long Calls { get; init; }

    /// <summary>Those of <see cref="Calls"/> that the endpoint throttled.</summary>
    public required long Throttled { get; init; }

    /// <summary>Calls a minute that are allowed now; absent if nothing limits them.</summary>
    public double? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute that are allowed now; absent if nothing limits them.</summary>
    public double? TokensPerMinute { get; init; }

    /// <summary>Seconds that a call takes when the endpoint is not crowded; absent before the first answer.</summary>
    public double? LatencySeconds { get; init; }

    /// <summary>Seconds until the end of the longest pause that the endpoint has asked for; 0 if none lasts.</summary>
    public required double PausedSeconds { get; init; }

    /// <summary>How many turns the job has where one of low priority has one.</summary>
    public required int Weight { get; init; }

    /// <summary>The job's part of the turns, 0 to 1, where it has calls that wait.</summary>
    public required double Share { get; init; }
}
