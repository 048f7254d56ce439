namespace ModelJobs.Functions.Process.Balance;

/// <summary>A call that waits for its turn in an <see cref="AdaptiveLimiter"/>.</summary>
/// <param name="share">On whose behalf.</param>
/// <param name="tokens">How many tokens it is expected to use.</param>
internal sealed class CallWaiter(JobShare share, int tokens)
{
    // Not continued on the thread that completes it, which holds the lock.
    private readonly TaskCompletionSource<CallPermit> _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _cancellation;

    public JobShare Share { get; } = share;

    public int Tokens { get; } = tokens;

    public LinkedListNode<CallWaiter>? Place { get; set; }

    public Task<CallPermit> Task => _granted.Task;

    public void CancelWith(CancellationTokenRegistration cancellation)
    {
        _cancellation = cancellation;
        if (_granted.Task.IsCompleted)
        {
            cancellation.Unregister();
        }
    }

    public void Grant(CallPermit permit)
    {
        _granted.SetResult(permit);
        _cancellation.Unregister();
    }

    public void Cancel(CancellationToken cancellationToken) => _granted.TrySetCanceled(cancellationToken);

    public void Refuse() => _granted.TrySetException(new ObjectDisposedException(nameof(AdaptiveLimiter)));
}
