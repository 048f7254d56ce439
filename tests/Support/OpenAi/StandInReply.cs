namespace ModelJobs.Tests.Support.OpenAi;

/// <summary>What goes wrong with an answer on its way.</summary>
public enum StandInFault
{
    None,

    /// <summary>The connection breaks in the middle of the answer.</summary>
    Cut,
}

/// <summary>A request to the stand-in.</summary>
/// <param name="Number">Counts requests, from 1.</param>
/// <param name="Path">The path.</param>
/// <param name="Body">The body, as text.</param>
/// <param name="Authorization">The key that was sent.</param>
public sealed record StandInRequest(int Number, string Path, string Body, string? Authorization);

/// <summary>An answer of the stand-in.</summary>
public sealed record StandInReply(int Status, string Body)
{
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public StandInFault Fault { get; init; }

    /// <summary>How long the answer takes, in place of the stand-in's own time.</summary>
    public TimeSpan? After { get; init; }
}
