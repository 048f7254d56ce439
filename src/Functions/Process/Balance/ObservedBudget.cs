namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// A mirror of the budget that the endpoint keeps, of calls or of tokens, as its answers' headers show it. An answer tells what was left when
/// its call came in; what was taken since then is taken off, and what has come in since is added.
/// </summary>
internal sealed class ObservedBudget
{
    /// <summary>
    /// What is left unused, as seconds' worth of the limit: calls arrive a little earlier or later than they were made, and one that
    /// arrives too early is throttled. It is spent once in the life of a limiter, not once a minute.
    /// </summary>
    private const double ReserveSeconds = 0.5;

    /// <summary>The period of a limit as endpoints name it.</summary>
    private const double PeriodSeconds = 60;

    /// <summary>A limit that differs by less is the same limit.</summary>
    private const double SameLimit = 0.02;

    private TokenBucket? _bucket;
    private double _limit;
    private double _taken;
    private long _newest = -1;

    /// <summary>What comes in a second; null while the endpoint has not told.</summary>
    public double? PerSecond => _bucket?.PerSecond;

    /// <summary>All that was taken since the start: what a call remembers when it is made, to be given to <see cref="Observe"/>.</summary>
    public double Taken => _taken;

    public TimeSpan WaitFor(double amount, TimeSpan now) => _bucket?.WaitFor(amount, now) ?? TimeSpan.Zero;

    public void Take(double amount, TimeSpan now)
    {
        _taken += amount;
        _bucket?.Take(amount, now);
    }

    /// <summary>Learns from an answer.</summary>
    /// <param name="told">What its headers say.</param>
    /// <param name="call">Number of its call: older ones than the newest say nothing new.</param>
    /// <param name="takenThen">What had been taken when the call was made, the call itself included.</param>
    /// <param name="madeAt">When the call was made.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether the limit is another than before.</returns>
    public bool Observe(RateLimit told, long call, double takenThen, TimeSpan madeAt, TimeSpan now)
    {
        if (call < _newest || told.Remaining is not { } remaining || told.Limit is not (> 0 and var limit))
        {
            return false;
        }

        _newest = call;
        var perSecond = PerSecondOf(limit, remaining, told.Reset);
        var changed = _bucket is not null && Math.Abs(limit - _limit) > SameLimit * _limit;
        _limit = limit;
        if (_bucket is null)
        {
            _bucket = new TokenBucket(perSecond, limit, now);
        }

        _bucket.Resize(perSecond, limit, now);
        _bucket.Set(remaining - (_taken - takenThen) + (perSecond * ((now - madeAt).TotalSeconds - ReserveSeconds)), now);
        return changed;
    }

    // A limit of a minute, as a rule. Where all are back later than that would take, the period is longer: limits of a day are told in the same headers.
    private static double PerSecondOf(double limit, double remaining, TimeSpan? reset) =>
        reset is { TotalSeconds: > 0 and var seconds } && remaining < limit
            ? Math.Min(limit / PeriodSeconds, (limit - remaining) / seconds)
            : limit / PeriodSeconds;
}
