using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// Lets a process "crash" at a write: that one reaches the disk or does not, later ones never do, and of neither anybody is told. The engine
/// lives on as a ghost, until it is stopped.
/// </summary>
/// <param name="inner">The disk.</param>
/// <param name="isTime">Whether to crash at a write, given its number, from 1, and what it is about.</param>
/// <param name="takesEffect">Whether that write is on disk.</param>
internal sealed class CrashingJournal(IHubJournal inner, Func<int, IReadOnlyList<string>, bool> isTime, bool takesEffect) : IHubJournal
{
    public const string Message = "a client's message";
    public const string Creation = "an instance is made";
    public const string TimerFires = "a timer fires";
    public const string ActivityRan = "an activity has run";
    public const string CallsActivity = "a turn calls an activity";
    public const string CallsChild = "a turn calls a sub-orchestration";
    public const string MakesTimer = "a turn makes a timer";
    public const string Sends = "a turn sends a message";
    public const string BeginsAgain = "a turn continues as new";
    public const string Ends = "a turn ends an orchestration";

    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _writes;

    /// <summary>Ends at the crash.</summary>
    public Task Crashed => _crashed.Task;

    /// <summary>What the write of the crash was about.</summary>
    public IReadOnlyList<string> Steps { get; private set; } = [];

    public HubSnapshot Load() => inner.Load();

    public Task Append(IReadOnlyList<HubRow> rows)
    {
        if (!_crashed.Task.IsCompleted)
        {
            var steps = Describe(rows);
            var crashes = isTime(++_writes, steps);
            var written = crashes && !takesEffect ? Task.CompletedTask : inner.Append(rows);
            if (!crashes)
            {
                return written;
            }

            Steps = steps;
            _crashed.SetResult();
        }

        return Task.FromException(new IOException("The process has crashed."));
    }

    private static List<string> Describe(IReadOnlyList<HubRow> rows)
    {
        var isTurn = rows.Any(row => row is HistoryAppended);
        var steps = rows.Select(row => row switch
        {
            ActivityRemoved => ActivityRan,
            TimerRemoved when !isTurn => TimerFires,
            InboxAdded when rows.Count == 2 => Message,
            InstanceSet when !isTurn => Creation,
            ActivityAdded => CallsActivity,
            TimerAdded when isTurn => MakesTimer,
            ChildAdded => CallsChild,
            HistoryCleared => BeginsAgain,
            InboxAdded when isTurn => Sends,
            InstanceSet { Head.Completion: not null } => Ends,
            _ => "",
        });
        return [.. steps.Where(step => step.Length > 0).Distinct()];
    }
}
