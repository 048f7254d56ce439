using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.Functions.Tests.Process.Runners;

/// <summary>Fake time that tells when a timer was set, so that a test moves the clock only once someone waits for it.</summary>
internal sealed class TimerLog : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>How many timers were set and not yet taken by <see cref="NextTimerAsync"/>.</summary>
    public int Pending => _timers.Reader.Count;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until a timer is set.</summary>
    /// <returns>How long it runs.</returns>
    public Task<TimeSpan> NextTimerAsync() =>
        _timers.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);
}
