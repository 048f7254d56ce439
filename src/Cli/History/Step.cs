namespace ModelJobs.Cli.History;

/// <summary>What a step of an orchestration is.</summary>
internal enum StepKind
{
    /// <summary>A call of an activity, with all its attempts.</summary>
    Activity,

    /// <summary>A sub-orchestration.</summary>
    SubOrchestration,

    /// <summary>A timer of the orchestrator's own.</summary>
    Wait,

    /// <summary>Something from outside: an event, a suspension.</summary>
    Signal,
}

/// <summary>Something that an orchestration did or that was done to it, from its first attempt to its end.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Name of the function or event.</param>
/// <param name="Start">When it was asked for (UTC).</param>
/// <param name="End">When it had its answer (UTC); null while it has none.</param>
internal sealed record Step(StepKind Kind, string Name, DateTimeOffset Start, DateTimeOffset? End)
{
    /// <summary>Which of its kind, for people: <c>page 12</c>; null if that is not known.</summary>
    public string? Label { get; init; }

    /// <summary>Id of the sub-orchestration, if known.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Messages of the attempts that failed, oldest first.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    /// <summary>Whether it failed for good.</summary>
    public bool HasFailed { get; init; }

    /// <summary>When a failed attempt is to be followed by the next; null if none is waited for.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>More about it, for people.</summary>
    public string? Detail { get; init; }

    /// <summary>Whether it is work: what else there is only waits or is told.</summary>
    public bool IsWork => Kind is StepKind.Activity or StepKind.SubOrchestration;

    /// <summary>How long it has taken so far.</summary>
    public TimeSpan Duration(DateTimeOffset now) => (End ?? now) - Start;
}
