namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// A budget that refills steadily: calls or tokens. Times are measured from the limiter's start. (System.Threading.RateLimiting has one too,
/// but on a clock of its own that tests cannot drive, and what was taken cannot be corrected once the true amount is known.)
/// </summary>
internal sealed class TokenBucket
{
    private double _level;
    private TimeSpan _at;

    /// <param name="perSecond">What comes in.</param>
    /// <param name="capacity">Most that it holds.</param>
    /// <param name="now">When it is made; it is full then.</param>
    public TokenBucket(double perSecond, double capacity, TimeSpan now)
    {
        PerSecond = perSecond;
        Capacity = capacity;
        _level = capacity;
        _at = now;
    }

    /// <summary>What comes in.</summary>
    public double PerSecond { get; private set; }

    /// <summary>Most that it holds.</summary>
    public double Capacity { get; private set; }

    /// <summary>What is in it, below zero if more was taken than there was.</summary>
    public double Level(TimeSpan now)
    {
        if (now > _at)
        {
            _level = Math.Min(Capacity, _level + ((now - _at).TotalSeconds * PerSecond));
            _at = now;
        }

        return _level;
    }

    /// <summary>How long until an amount can be taken. More than the bucket ever holds can be taken when it is full; it is in debt then.</summary>
    public TimeSpan WaitFor(double amount, TimeSpan now)
    {
        var missing = Math.Min(amount, Capacity) - Level(now);
        return missing <= 0 ? TimeSpan.Zero : PerSecond > 0 ? TimeSpan.FromSeconds(missing / PerSecond) : TimeSpan.MaxValue;
    }

    /// <summary>Takes an amount, or, if it is below zero, gives back what was not needed.</summary>
    public void Take(double amount, TimeSpan now) => _level = Math.Min(Capacity, Level(now) - amount);

    /// <summary>Changes how much comes in and fits.</summary>
    public void Resize(double perSecond, double capacity, TimeSpan now)
    {
        _ = Level(now);
        PerSecond = perSecond;
        Capacity = capacity;
        _level = Math.Min(capacity, _level);
    }

    /// <summary>Sets what is in it to what somebody knows who counts it.</summary>
    public void Set(double level, TimeSpan now)
    {
        _at = now;
        _level = Math.Min(Capacity, level);
    }
}
