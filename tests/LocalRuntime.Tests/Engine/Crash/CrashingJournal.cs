using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// Lets a process "crash" at its n-th write: that one reaches the disk or does not, later ones never do, and of neither anybody is told. The
/// engine lives on as a ghost, until it is stopped.
/// </summary>
/// <param name="inner">The disk.</param>
/// <param name="crashAt">Number of the write, from 1.</param>
/// <param name="takesEffect">Whether that write is on disk.</param>
internal sealed class CrashingJournal(IHubJournal inner, int crashAt, bool takesEffect) : IHubJournal
{
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Writes { get; private set; }

    /// <summary>Ends at the crash.</summary>
    public Task Crashed => _crashed.Task;

    /// <summary>What the last write that was made or lost was about.</summary>
    public List<string> Steps { get; } = [];

    public HubSnapshot Load() => inner.Load();

    public Task Append(IReadOnlyList<HubRow> rows)
    {
        Writes++;
        if (Writes < crashAt)
        {
            return inner.Append(rows);
        }

        if (Writes == crashAt)
        {
            Steps.AddRange(Describe(rows));
            if (takesEffect)
            {
                _ = inner.Append(rows);
            }

            _crashed.SetResult();
        }

        return Task.FromException(new IOException("The process has crashed."));
    }

    private static IEnumerable<string> Describe(IReadOnlyList<HubRow> rows)
    {
        var isTurn = rows.Any(row => row is HistoryAppended);
        var steps = rows.Select(row => row switch
        {
            ActivityRemoved => "an activity has run",
            TimerRemoved when !isTurn => "a timer fires",
            InboxAdded when rows.Count == 2 => "a client's message",
            InstanceSet when !isTurn => "an instance is made",
            ActivityAdded => "a turn calls an activity",
            TimerAdded when isTurn => "a turn makes a timer",
            ChildAdded => "a turn calls a sub-orchestration",
            HistoryCleared => "a turn continues as new",
            InboxAdded when isTurn => "a turn sends a message",
            InstanceSet { Head.Completion: not null } => "a turn ends an orchestration",
            _ => "",
        });
        return steps.Where(step => step.Length > 0).Distinct();
    }
}
