namespace ModelJobs.Tests.Support.OpenAi;

/// <summary>A limit as OpenAI enforces it: a budget that refills steadily. Times are seconds since the stand-in's start.</summary>
public sealed class StandInLimit
{
    private double _level;
    private double _at;

    public StandInLimit(double perMinute, double burstSeconds = 60)
    {
        PerMinute = perMinute;
        BurstSeconds = burstSeconds;
        _level = Capacity;
    }

    /// <summary>How much comes in; may be changed while calls come.</summary>
    public double PerMinute { get; private set; }

    /// <summary>What the budget holds, as seconds' worth of it: a minute's, or less where the service looks at shorter times.</summary>
    public double BurstSeconds { get; }

    public double Capacity => Math.Max(1, PerMinute * BurstSeconds / 60);

    public void Change(double perMinute, double now)
    {
        Refill(now);
        PerMinute = perMinute;
        _level = Math.Min(_level, Capacity);
    }

    public bool TryTake(double amount, double now)
    {
        Refill(now);
        if (_level < amount)
        {
            return false;
        }

        _level -= amount;
        return true;
    }

    /// <summary>Takes what a call turned out to use.</summary>
    public void Charge(double amount, double now)
    {
        Refill(now);
        _level -= amount;
    }

    public double SecondsUntil(double amount) => Math.Max(0, (amount - _level) * 60 / PerMinute);

    /// <summary>The headers of the limit.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers(string unit)
    {
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        yield return new($"x-ratelimit-limit-{unit}", Math.Floor(PerMinute).ToString(invariant));
        yield return new($"x-ratelimit-remaining-{unit}", Math.Floor(Math.Max(0, _level)).ToString(invariant));
        yield return new($"x-ratelimit-reset-{unit}", $"{Math.Ceiling(SecondsUntil(Capacity) * 1000).ToString(invariant)}ms");
    }

    private void Refill(double now)
    {
        _level = Math.Min(Capacity, _level + ((now - _at) * PerMinute / 60));
        _at = now;
    }
}
