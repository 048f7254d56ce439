using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>How a command runs, who waits is served, and what is due is done.</summary>
internal partial class BrokerQueue
{
    /// <summary>Runs a command that gives its result at once.</summary>
    internal T Run<T, TArgument>(Func<QueueMachine, DateTimeOffset, TArgument, T> command, TArgument argument)
        => TryRun(command, argument, out var result) ? result : throw BrokerErrors.Stopped(Name);

    private bool TryRun<T, TArgument>(
        Func<QueueMachine, DateTimeOffset, TArgument, T> command, TArgument argument, [MaybeNullWhen(false)] out T result)
    {
        try
        {
            lock (_gate)
            {
                if (_stopped)
                {
                    result = default;
                    return false;
                }
                var now = _time.GetUtcNow();
                CatchUp(now);
                try
                {
                    result = command(_machine, now, argument);
                    return true;
                }
                finally
                {
                    CatchUp(now);
                    SetTimer(now);
                    Write();
                }
            }
        }
        finally
        {
            _forwarder?.Forward(this);
        }
    }

    private void TryDo(Action<QueueMachine> command) => TryRun(
        static (machine, _, command) =>
        {
            command(machine);
            return true;
        },
        command,
        out _);

    private ValueTask<T> RunAsync<T, TArgument>(Func<QueueMachine, DateTimeOffset, TArgument, T> command, TArgument argument)
        => WhenWritten(Run(command, argument));

    private ValueTask DoAsync<TArgument>(Action<QueueMachine, DateTimeOffset, TArgument> command, TArgument argument)
    {
        Run(
            static (machine, now, a) =>
            {
                a.command(machine, now, a.argument);
                return true;
            },
            (command, argument));
        return new(Written);
    }

    /// <summary>Ends when everything is on disk that happened so far.</summary>
    internal Task Written
    {
        get
        {
            lock (_gate)
            {
                return _written;
            }
        }
    }

    private ValueTask<T> WhenWritten<T>(T result)
    {
        var written = Written;
        return written.IsCompletedSuccessfully ? new(result) : new(After(written, result));

        static async Task<T> After(Task written, T result)
        {
            await written.ConfigureAwait(false);
            return result;
        }
    }

    private void Write()
    {
        if (_journal is not null && _changes.Count > 0)
        {
            _written = _journal.Append(_changes);
            _changes = [];
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            if (!_stopped)
            {
                _timerDue = DateTimeOffset.MaxValue;
                var now = _time.GetUtcNow();
                CatchUp(now);
                SetTimer(now);
                Write();
            }
        }
        _forwarder?.Forward(this);
    }

    /// <summary>
    /// Does what is due and serves who waits: before a command, so that those who wait come before the one who just came, and after
    /// it, so that they get what it brought.
    /// </summary>
    private void CatchUp(DateTimeOffset now)
    {
        _machine.AdvanceTo(now);
        _waiting.Serve(now);
        _waiting.TimeOut(now);
    }

    /// <summary>
    /// Sets the timer if something is due before it fires. It is not put off when that is settled in time, as nearly all locks are:
    /// a timer that fires for nothing costs less than one that is moved by every command.
    /// </summary>
    private void SetTimer(DateTimeOffset now)
    {
        var due = Earlier(_machine.NextDue, _waiting.NextDue);
        if (due is null || due >= _timerDue)
        {
            return;
        }
        var span = due.Value - now < MaxTimerSpan ? due.Value - now : MaxTimerSpan;
        // Timers count whole milliseconds: rounded up, so that they do not fire just before the moment.
        span = TimeSpan.FromMilliseconds(Math.Ceiling(span.TotalMilliseconds));
        _timerDue = now + span;
        _timer.Change(span, Timeout.InfiniteTimeSpan);
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    private async Task<T> WaitAsync<T>(Waiter<T> waiter, CancellationToken cancellationToken)
    {
        using var cancellation = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (queue, waiter) = ((BrokerQueue, Waiter))state!;
                queue.Cancel(waiter, token);
            },
            (this, (Waiter)waiter));
        // Who was served inside another's command comes here while that command still runs: asking under its lock waits for its end.
        return await WhenWritten(await waiter.Task.ConfigureAwait(false)).ConfigureAwait(false);
    }

    private void Cancel(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _waiting.Cancel(waiter, cancellationToken);
        }
    }
}
