namespace ModelJobs.Contracts;

/// <summary>An RFC 9457 problem: what every refused call answers, as <c>application/problem+json</c>.</summary>
public sealed record Problem
{
    /// <summary>What kind of problem, as a stable relative URI: <c>/problems/{kind}</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The kind in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status code.</summary>
    public required int Status { get; init; }

    /// <summary>What was wrong this time and what to do about it.</summary>
    public string? Detail { get; init; }

    /// <summary>1-based line of the input at fault, if a line is.</summary>
    public long? Line { get; init; }

    /// <summary>1-based byte column in that line, if known.</summary>
    public long? Column { get; init; }
}
