namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>The time that an invocation may take, and a grace to end by itself after that. It costs one timer.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _exceeded = new();
    private readonly TaskCompletionSource _graceOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _grace;
    private readonly ITimer? _timer;

    /// <param name="limit">The time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="grace">How long after it <see cref="GraceOver"/> ends.</param>
    /// <param name="time">The clock.</param>
    public TimeLimit(TimeSpan limit, TimeSpan grace, TimeProvider time)
    {
        _grace = grace;
        if (limit != Timeout.InfiniteTimeSpan)
        {
            _timer = time.CreateTimer(static state => ((TimeLimit)state!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Set when the time is over.</summary>
    public CancellationToken Exceeded => _exceeded.Token;

    /// <summary>Ends when the grace is over too.</summary>
    public Task GraceOver => _graceOver.Task;

    public void Dispose() => _timer?.Dispose();

    private void Ring()
    {
        if (_exceeded.IsCancellationRequested)
        {
            _graceOver.TrySetResult();
        }
        else
        {
            _timer!.Change(_grace, Timeout.InfiniteTimeSpan);
            // Not inline: callbacks of the app must neither hold up nor break the timer.
            _ = _exceeded.CancelAsync();
        }
    }
}
