using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.Cli.Tests.StandIns;

/// <summary>
/// Fake time that jumps over every delay as soon as somebody waits for it. Time-outs are longer than <see cref="LongestDelay"/> and stay.
/// </summary>
public sealed class JumpingTime : FakeTimeProvider
{
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime <= LongestDelay)
        {
            ThreadPool.QueueUserWorkItem(_ => Advance(dueTime));
        }

        return timer;
    }
}
