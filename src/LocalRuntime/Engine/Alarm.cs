namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Calls back at a time that can be moved. The caller serializes access to <see cref="Set"/>.</summary>
internal sealed class Alarm : IAsyncDisposable
{
    /// <summary>Timers of the system take no more than 49 days; a callback that comes early only sets the alarm again.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private DateTime? _setFor;

    /// <param name="time">The clock.</param>
    /// <param name="ring">Called at the time or a little later, and now and then before; must call <see cref="Set"/> again.</param>
    public Alarm(TimeProvider time, Action ring)
    {
        _time = time;
        _timer = time.CreateTimer(_ => ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="at">UTC; null for never.</param>
    /// <param name="hasRung">Whether the alarm has rung since it was last set, so that even the same time must be set again.</param>
    public void Set(DateTime? at, bool hasRung)
    {
        if (at == _setFor && !hasRung)
        {
            return;
        }

        _setFor = at;
        _timer.Change(at is { } due ? DelayUntil(due) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private TimeSpan DelayUntil(DateTime due)
    {
        var delay = due - _time.GetUtcNow().UtcDateTime;
        if (delay <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        // Rounded up, as the system rounds down and would ring too early.
        return delay >= LongestDelay ? LongestDelay : new TimeSpan((delay.Ticks + Resolution.Ticks - 1) / Resolution.Ticks * Resolution.Ticks);
    }
}
