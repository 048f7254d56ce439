using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Keeps a task hub beyond the process.</summary>
internal interface IHubJournal
{
    /// <summary>What the hub held when it was last written.</summary>
    HubSnapshot Load();

    /// <summary>Writes the rows of one change, after all that was appended before: all of them or none. Does not throw.</summary>
    /// <returns>Ends when they are on disk; fails if they cannot be written.</returns>
    Task Append(IReadOnlyList<HubRow> rows);
}

/// <summary>All of a task hub.</summary>
/// <param name="Counters">Numbers given out so far.</param>
/// <param name="Instances">Instances with their lists.</param>
/// <param name="Activities">Calls that have not ended.</param>
internal sealed record HubSnapshot(
    HubCounters Counters, IReadOnlyList<InstanceSnapshot> Instances, IReadOnlyList<ActivityWork> Activities)
{
    public static readonly HubSnapshot Empty = new(default, [], []);
}

/// <summary>An instance and its lists, each in its order.</summary>
internal sealed record InstanceSnapshot(
    InstanceHead Head,
    IReadOnlyList<HistoryEvent> History,
    IReadOnlyList<HistoryEvent> Inbox,
    IReadOnlyList<DueTimer> Timers,
    IReadOnlyList<string> Children);
