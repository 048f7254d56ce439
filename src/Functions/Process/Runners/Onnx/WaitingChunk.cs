namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>A chunk whose items wait for their runs, which may be several, and shared with other chunks.</summary>
internal sealed class WaitingChunk
{
    private readonly ItemOutcome[] _outcomes;
    private readonly TaskCompletionSource<ItemOutcome[]> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;

    /// <param name="outcomes">Where the outcomes go; those of items that are not run are there already.</param>
    /// <param name="open">How many are missing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public WaitingChunk(ItemOutcome[] outcomes, int open, CancellationToken cancellationToken)
    {
        _outcomes = outcomes;
        _open = open;
        CancellationToken = cancellationToken;
        if (open == 0)
        {
            _ended.SetResult(outcomes);
        }
    }

    /// <summary>Completes when all items have an outcome.</summary>
    public Task<ItemOutcome[]> Task => _ended.Task;

    /// <summary>Whether nobody waits for the outcomes any more.</summary>
    public bool HasEnded => _ended.Task.IsCompleted;

    public CancellationToken CancellationToken { get; }

    /// <summary>An item's outcome. Called once per item, from any thread.</summary>
    public void Set(int position, ItemOutcome outcome)
    {
        _outcomes[position] = outcome;
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _ended.TrySetResult(_outcomes);
        }
    }

    /// <summary>The chunk could not be run.</summary>
    public void Fail(Exception exception) => _ended.TrySetException(exception);

    public void Cancel() => _ended.TrySetCanceled(CancellationToken);
}
