using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>A clock that stands until it is moved, and knows when its next timer is due.</summary>
internal sealed class SimulatedTime() : FakeTimeProvider(Begin)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DueTimer, DateTimeOffset> _due = [];

    public static DateTimeOffset Begin { get; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When the next timer is due; null if none is set.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _due.Count == 0 ? null : _due.Values.Min();
            }
        }
    }

    /// <summary>How long the clock has run.</summary>
    public TimeSpan Elapsed => GetUtcNow() - Begin;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new DueTimer(this, callback, state);
        timer.Start(base.CreateTimer(static timer => ((DueTimer)timer!).Fire(), timer, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class DueTimer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        private ITimer _inner = null!;
        private TimeSpan _period;

        public void Start(ITimer inner) => _inner = inner;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            Set(dueTime);
            return _inner.Change(dueTime, period);
        }

        public void Fire()
        {
            Set(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);
            callback(state);
        }

        public void Dispose()
        {
            Set(Timeout.InfiniteTimeSpan);
            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Set(TimeSpan dueTime)
        {
            lock (time._gate)
            {
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    time._due.Remove(this);
                }
                else
                {
                    time._due[this] = time.GetUtcNow() + dueTime;
                }
            }
        }
    }
}
