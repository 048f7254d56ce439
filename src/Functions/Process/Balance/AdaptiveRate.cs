namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// The rate of calls that an endpoint bears, found from throttled calls alone: what is left where no header tells the limit, or where
/// other clients use it up too. Unlimited until the first throttled call; from then on a curve as in CUBIC (RFC 9438): after a cut it
/// comes back to the rate that was too high, stays near it for a while, and then, if nothing is throttled, leaves it behind ever faster.
/// </summary>
internal sealed class AdaptiveRate
{
    /// <summary>What is left of the rate after a throttled call that came soon after a cut: the rate is far too high.</summary>
    private const double CoarseCut = 0.6;

    /// <summary>What is left after one that came late: the rate was right and has grown a little too far.</summary>
    private const double FineCut = 0.93;

    /// <summary>How long after a cut a throttled call counts as soon.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(4);

    /// <summary>How the rate grows: by this part of itself times the third power of the seconds from the flat place of the curve. It doubles within 30 s.</summary>
    private const double Growth = 1.2e-4;

    /// <summary>Over how long the rate is measured at the first throttled call.</summary>
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(1);

    /// <summary>Calls that may be made at once, as seconds' worth of the rate.</summary>
    private const double BurstSeconds = 0.1;

    /// <summary>Slowest rate, a call in 20 seconds: an endpoint that bears less asks for pauses.</summary>
    private const double MinPerSecond = 0.05;

    private readonly Queue<TimeSpan> _made = new();
    private TokenBucket? _bucket;
    private double _tooHigh;
    private double _flatAfter;
    private TimeSpan _cutAt;

    /// <summary>Calls a second; null while nothing was throttled.</summary>
    public double? PerSecond(TimeSpan now) => _bucket is null ? null : Current(now);

    /// <summary>How long until a call can be made.</summary>
    public TimeSpan WaitFor(TimeSpan now)
    {
        if (_bucket is null)
        {
            return TimeSpan.Zero;
        }

        var rate = Current(now);
        _bucket.Resize(rate, Math.Max(1, rate * BurstSeconds), now);
        return _bucket.WaitFor(1, now);
    }

    /// <summary>A call is made.</summary>
    public void Take(TimeSpan now)
    {
        _bucket?.Take(1, now);
        _made.Enqueue(now);
        Forget(now);
    }

    /// <summary>A call was throttled.</summary>
    /// <param name="madeAt">When it was made: those made before a cut are no reason for another.</param>
    /// <param name="now">The time.</param>
    public void Throttled(TimeSpan madeAt, TimeSpan now)
    {
        if (_bucket is not null && madeAt <= _cutAt)
        {
            return;
        }

        Forget(now);
        var rate = PerSecond(now) ?? Math.Max(1, _made.Count) / Measured.TotalSeconds;
        var cut = _bucket is null || madeAt - _cutAt < Soon ? CoarseCut : FineCut;
        _tooHigh = Math.Max(rate, MinPerSecond);
        _flatAfter = Math.Cbrt((1 - cut) / Growth);
        _cutAt = now;
        var left = Math.Max(rate * cut, MinPerSecond);
        _bucket ??= new TokenBucket(left, 1, now);
        _bucket.Resize(left, Math.Max(1, left * BurstSeconds), now);
        _bucket.Set(0, now);
    }

    /// <summary>Forgets what was learned: the endpoint has other limits now.</summary>
    public void Reset() => _bucket = null;

    private double Current(TimeSpan now)
    {
        var seconds = (now - _cutAt).TotalSeconds - _flatAfter;
        return Math.Max(MinPerSecond, _tooHigh * (1 + (Growth * seconds * seconds * seconds)));
    }

    private void Forget(TimeSpan now)
    {
        while (_made.TryPeek(out var first) && now - first > Measured)
        {
            _made.Dequeue();
        }
    }
}
