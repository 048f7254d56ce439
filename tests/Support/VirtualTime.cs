namespace ModelJobs.Tests.Support;

/// <summary>A clock that stands still until it is moved to its next timer. Callbacks run on the thread that moves it.</summary>
public sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset Begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly PriorityQueue<(VirtualTimer Timer, int Setting), (TimeSpan Due, long Order)> _due = new();
    private TimeSpan _now;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => Begin + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the next timer and runs it.</summary>
    /// <returns>Whether there was one.</returns>
    public bool MoveToNextTimer()
    {
        while (true)
        {
            VirtualTimer timer;
            lock (_lock)
            {
                if (!_due.TryDequeue(out var next, out var due))
                {
                    return false;
                }

                if (next.Setting != next.Timer.Setting)
                {
                    continue; // It was set again, or disposed of.
                }

                _now = due.Due > _now ? due.Due : _now;
                timer = next.Timer;
            }

            timer.Run();
            return true;
        }
    }

    private void Set(VirtualTimer timer, TimeSpan wait)
    {
        lock (_lock)
        {
            timer.Setting++;
            if (wait >= TimeSpan.Zero)
            {
                _due.Enqueue((timer, timer.Setting), (_now + wait, _order++));
            }
        }
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        public int Setting { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period > TimeSpan.Zero)
            {
                throw new NotSupportedException("Nothing here repeats.");
            }

            time.Set(this, dueTime);
            return true;
        }

        public void Run() => callback(state);

        public void Dispose() => time.Set(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
