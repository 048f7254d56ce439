namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>
/// Renews a lock while it is held. It costs one timer, which rarely fires: most messages are settled long before half of
/// their lock has passed.
/// </summary>
internal sealed class LockRenewal : IAsyncDisposable
{
    /// <summary>A renewal leaves at least this much of the lock, or half of it if the lock is shorter than twice this.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(10);

    private readonly Func<CancellationToken, Task<DateTimeOffset>> _renew;
    private readonly Action<Exception> _onLost;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _end;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private Task _renewing = Task.CompletedTask;
    private bool _isStopped;

    /// <summary>Starts to watch a lock.</summary>
    /// <param name="lockedUntil">When the lock runs out.</param>
    /// <param name="maxDuration">Renew no longer than this from now.</param>
    /// <param name="renew">Renews and returns the new end of the lock.</param>
    /// <param name="onLost">Told why the lock could not be renewed; it is not tried again.</param>
    /// <param name="time">The clock.</param>
    public LockRenewal(
        DateTimeOffset lockedUntil,
        TimeSpan maxDuration,
        Func<CancellationToken, Task<DateTimeOffset>> renew,
        Action<Exception> onLost,
        TimeProvider time)
    {
        _renew = renew;
        _onLost = onLost;
        _time = time;
        var now = time.GetUtcNow();
        _end = maxDuration == Timeout.InfiniteTimeSpan || maxDuration > DateTimeOffset.MaxValue - now
            ? DateTimeOffset.MaxValue
            : now + maxDuration;
        _timer = time.CreateTimer(static state => ((LockRenewal)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Schedule(lockedUntil);
    }

    public async ValueTask DisposeAsync()
    {
        Task renewing;
        lock (_lock)
        {
            _isStopped = true;
            renewing = _renewing;
        }

        await _timer.DisposeAsync();
        await _stop.CancelAsync();
        await renewing;
        _stop.Dispose();
    }

    private void Schedule(DateTimeOffset lockedUntil)
    {
        var left = lockedUntil - _time.GetUtcNow();
        var wait = left - (left / 2 < Reserve ? left / 2 : Reserve);
        if (wait > TimeSpan.Zero && _time.GetUtcNow() + wait < _end)
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private void Fire()
    {
        lock (_lock)
        {
            if (!_isStopped)
            {
                _renewing = RenewAsync();
            }
        }
    }

    private async Task RenewAsync()
    {
        try
        {
            Schedule(await _renew(_stop.Token));
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // The holder is done with the lock.
        }
        catch (Exception exception)
        {
            _onLost(exception);
        }
    }
}
