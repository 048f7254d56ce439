using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// A journal with group commit, as the state file has it: what is appended gathers, and is written and acknowledged together some steps later.
/// A crash loses what has gathered, or keeps a beginning of it that nobody was told of.
/// </summary>
internal sealed class SimulatedJournal(MemoryDisk disk, SimulatedScheduler scheduler) : IHubJournal
{
    private List<IReadOnlyList<HubRow>> _gathering = [];
    private TaskCompletionSource _written = New();
    private bool _isCommitting;

    public HubSnapshot Load() => disk.Load();

    public Task Append(IReadOnlyList<HubRow> rows)
    {
        _gathering.Add(rows);
        if (!_isCommitting)
        {
            _isCommitting = true;
            _ = scheduler.Run(Commit);
        }

        return _written.Task;
    }

    /// <summary>The process ends here.</summary>
    /// <param name="random">Says how much of what has gathered is on disk all the same.</param>
    public void Crash(Random random) => _gathering.Take(random.Next(_gathering.Count + 1)).ToList().ForEach(disk.Write);

    private async Task Commit()
    {
        // More gathers while the disk is busy.
        await Task.Yield();
        _isCommitting = false;
        var (rows, written) = (_gathering, _written);
        (_gathering, _written) = ([], New());
        rows.ForEach(disk.Write);
        written.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
