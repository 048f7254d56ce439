namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// How many calls may be in flight at once. It is judged once a round, a round being as many answers as the window was wide: doubled in slow
/// start, widened by one after it; narrowed by the gradient of the latency (what a call takes uncrowded, over what it takes now, as in
/// TCP Vegas and Netflix's gradient limits), by throttled calls and by failures. A window that is not filled is not widened: nothing is known of a wider one.
/// </summary>
internal sealed class ConcurrencyWindow(LimiterOptions options)
{
    /// <summary>What is left of the window when calls were throttled or failed.</summary>
    private const double Cut = 0.7;

    /// <summary>How many times the uncrowded latency is still no sign of a crowd: answers differ in length.</summary>
    private const double Tolerance = 2;

    /// <summary>Least that a climbing latency leaves of the window in a round.</summary>
    private const double MinGradient = 0.5;

    /// <summary>Part of a round's calls that may fail before the window is narrowed: single failures are not a sign of load.</summary>
    private const double ToleratedFailures = 0.1;

    /// <summary>What must be left of a window before it is judged whether narrowing it helps.</summary>
    private const double Judged = 0.75;

    /// <summary>Part of the latency that may be left then.</summary>
    private const double Helped = 0.9;

    /// <summary>How much of a longer latency goes into the uncrowded one when narrowing does not help: the crowd is not of this window's making, or answers have become longer.</summary>
    private const double Drift = 0.5;

    /// <summary>Fewest answers that make a round, so that one slow answer does not decide.</summary>
    private const int MinRound = 4;

    private double _size = Math.Min(options.InitialConcurrency, options.MaxConcurrency);
    private double _slowStartUntil = double.PositiveInfinity;
    private TimeSpan _cutAt = TimeSpan.MinValue;
    private TimeSpan? _uncrowded;
    private (double Size, TimeSpan Latency)? _crowded;
    private int _answers;
    private int _failures;
    private int _fullest;
    private TimeSpan _latencies;

    /// <summary>Calls that may be in flight.</summary>
    public int Size => (int)_size;

    /// <summary>What a call takes when the endpoint is not crowded; null before the first round.</summary>
    public TimeSpan? Uncrowded => _uncrowded;

    /// <summary>A call was made.</summary>
    public void Made(int inFlight) => _fullest = Math.Max(_fullest, inFlight);

    /// <summary>A call ended with an answer or a failure.</summary>
    /// <param name="failed">Whether with a failure.</param>
    /// <param name="madeAt">When it was made: those made before the window was narrowed tell nothing of the narrower one.</param>
    /// <param name="now">The time.</param>
    public void Ended(bool failed, TimeSpan madeAt, TimeSpan now)
    {
        if (madeAt < _cutAt)
        {
            return;
        }

        _answers++;
        _failures += failed ? 1 : 0;
        _latencies += now - madeAt;
        if (_answers >= Math.Max(MinRound, Size))
        {
            EndRound(now);
        }
    }

    /// <summary>A call was throttled.</summary>
    /// <param name="madeAt">When it was made: those made before the window was narrowed are no reason to narrow it again.</param>
    /// <param name="now">The time.</param>
    public void Throttled(TimeSpan madeAt, TimeSpan now)
    {
        if (madeAt > _cutAt)
        {
            Narrow(Cut, now);
            StartRound();
        }
    }

    private void EndRound(TimeSpan now)
    {
        var latency = _latencies / _answers;
        Learn(latency);
        var gradient = latency > TimeSpan.Zero ? Tolerance * (_uncrowded!.Value / latency) : 1;
        if (_failures > ToleratedFailures * _answers)
        {
            Narrow(Cut, now);
        }
        else if (gradient < 1)
        {
            _crowded ??= (_size, latency);
            Narrow(Math.Max(MinGradient, gradient), now);
        }
        else if (_fullest >= Size)
        {
            var wider = _size < _slowStartUntil ? Math.Min(_size * 2, Math.Max(_slowStartUntil, _size + 1)) : _size + 1;
            _size = Math.Min(options.MaxConcurrency, wider);
        }

        StartRound();
    }

    private void Learn(TimeSpan latency)
    {
        if (_uncrowded is not { } known || latency < known)
        {
            _uncrowded = latency;
        }
        else if (latency <= known * Tolerance)
        {
            _crowded = null;
        }
        else if (_crowded is { } before && (_size <= 1 || _size <= before.Size * Judged))
        {
            _uncrowded = latency > before.Latency * Helped ? known + ((latency - known) * Drift) : known;
            _crowded = null;
        }
    }

    private void Narrow(double factor, TimeSpan now)
    {
        _cutAt = now;
        _size = Math.Max(1, _size * factor);
        _slowStartUntil = _size;
    }

    private void StartRound()
    {
        _answers = 0;
        _failures = 0;
        _fullest = 0;
        _latencies = TimeSpan.Zero;
    }
}
