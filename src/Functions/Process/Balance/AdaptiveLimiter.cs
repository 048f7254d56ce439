namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// Decides when a call to a model's endpoint is made, for all chunks that an instance runs. A call waits until the
/// window of calls in flight (<see cref="ConcurrencyWindow"/>), the configured budgets, the endpoint's own as its headers show them
/// (<see cref="ObservedBudget"/>), the rate learned from throttled calls (<see cref="AdaptiveRate"/>) and a pause that the endpoint asked for all allow
/// it. Jobs take turns (<see cref="FairQueue{T}"/>). docs/models.md explains it to operators.
/// </summary>
public sealed class AdaptiveLimiter : IDisposable
{
    /// <summary>Longest pause that an endpoint can ask for; after it, a call finds out.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    /// <summary>What a configured budget lets through at once, as seconds' worth of it.</summary>
    private const double BurstSeconds = 1;
    private const double SecondsPerMinute = 60;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly FairQueue<CallWaiter> _queue = new();
    private readonly ConcurrencyWindow _window;
    private readonly AdaptiveRate _rate = new();
    private readonly ObservedBudget _requests = new();
    private readonly ObservedBudget _tokens = new();
    private readonly LimiterOptions _options;
    private readonly TokenBucket? _ownRequests;
    private readonly TokenBucket? _ownTokens;
    private TimeSpan _pausedUntil;
    private int _inFlight;
    private long _made;
    private long _calls;
    private long _throttled;
    private long _tokensUsed;
    private bool _isDisposed;

    /// <param name="options">The bounds.</param>
    /// <param name="time">The clock of everything in it.</param>
    public AdaptiveLimiter(LimiterOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _start = time.GetTimestamp();
        _window = new ConcurrencyWindow(options);
        _ownRequests = OwnBudget(options.RequestsPerMinute);
        _ownTokens = OwnBudget(options.TokensPerMinute);
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether a budget is configured.</summary>
    public bool HasBudget => _ownRequests is not null || _ownTokens is not null;

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Waits until a call can be made.</summary>
    /// <param name="share">On whose behalf.</param>
    /// <param name="tokens">How many tokens it is expected to use.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The permission; it must be completed or disposed of when the call has ended.</returns>
    /// <exception cref="ObjectDisposedException">The limiter has been disposed of.</exception>
    public Task<CallPermit> AcquireAsync(JobShare share, int tokens, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new CallWaiter(share, Math.Max(0, tokens));
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            waiter.Place = _queue.Enqueue(share, waiter);
            MakeCalls();
        }

        if (cancellationToken.CanBeCanceled && !waiter.Task.IsCompleted)
        {
            waiter.CancelWith(cancellationToken.UnsafeRegister(_ => Cancel(waiter, cancellationToken), null));
        }

        return waiter.Task;
    }

    /// <summary>Divides the configured budgets among instances.</summary>
    /// <param name="instances">How many use the model, this one included.</param>
    /// <param name="pause">How long this one is to use nothing of them.</param>
    public void ShareAmong(int instances, TimeSpan pause)
    {
        lock (_lock)
        {
            var now = Now;
            Share(_ownRequests, _options.RequestsPerMinute, instances, pause, now);
            Share(_ownTokens, _options.TokensPerMinute, instances, pause, now);
            if (!_isDisposed)
            {
                MakeCalls();
            }
        }
    }

    /// <summary>Where it stands.</summary>
    public LimiterSnapshot Snapshot()
    {
        lock (_lock)
        {
            var now = Now;
            return new LimiterSnapshot
            {
                Window = _window.Size,
                InFlight = _inFlight,
                Waiting = _queue.Count,
                WaitingJobs = _queue.Jobs,
                WaitingWeight = _queue.Weight,
                Calls = _calls,
                Throttled = _throttled,
                Tokens = _tokensUsed,
                RequestsPerMinute = Least(_ownRequests?.PerSecond, _requests.PerSecond, _rate.PerSecond(now)) * SecondsPerMinute,
                TokensPerMinute = Least(_ownTokens?.PerSecond, _tokens.PerSecond) * SecondsPerMinute,
                EndpointRequestsPerMinute = _requests.PerSecond * SecondsPerMinute,
                EndpointTokensPerMinute = _tokens.PerSecond * SecondsPerMinute,
                Latency = _window.Uncrowded,
                PausedFor = _pausedUntil > now ? _pausedUntil - now : TimeSpan.Zero,
            };
        }
    }

    /// <summary>Refuses the calls that wait and those to come.</summary>
    public void Dispose()
    {
        List<CallWaiter> refused = [];
        lock (_lock)
        {
            _isDisposed = true;
            while (_queue.TryPeek(out var waiter))
            {
                _queue.Dequeue();
                refused.Add(waiter);
            }
        }

        _timer.Dispose();
        refused.ForEach(waiter => waiter.Refuse());
    }

    internal void Complete(Call call, CallFeedback feedback)
    {
        lock (_lock)
        {
            var now = Now;
            _inFlight--;
            _calls++;
            Learn(call, feedback, now);
            MakeCalls();
        }
    }

    private void Learn(Call call, CallFeedback feedback, TimeSpan now)
    {
        // A throttled call has used nothing, as endpoints count; one of which nothing is known is taken to have used what it was expected to.
        var used = feedback.Tokens ?? (feedback.Result is CallResult.Throttled ? 0 : call.Tokens);
        _ownTokens?.Take(used - call.Tokens, now);
        _tokensUsed += feedback.Tokens ?? 0;
        switch (feedback.Result)
        {
            case CallResult.Answered or CallResult.Failed:
                _window.Ended(feedback.Result is CallResult.Failed, call.MadeAt, now);
                break;
            case CallResult.Throttled:
                _throttled++;
                _window.Throttled(call.MadeAt, now);
                _rate.Throttled(call.MadeAt, now);
                break;
        }

        if (feedback.Limits is not { } limits)
        {
            return;
        }

        if (limits.RetryAfter is { } pause && feedback.Result is CallResult.Throttled or CallResult.Failed)
        {
            _pausedUntil = Longer(_pausedUntil, now + (pause < MaxPause ? pause : MaxPause));
        }

        if (_requests.Observe(limits.Requests, call.Number, call.RequestsTaken, call.MadeAt, now)
            | _tokens.Observe(limits.Tokens, call.Number, call.TokensTaken, call.MadeAt, now))
        {
            _rate.Reset();
        }
    }

    // Under the lock. Makes all calls that can be made, and sets the timer to when the next one can.
    private void MakeCalls()
    {
        var now = Now;
        while (_inFlight < _window.Size && _queue.TryPeek(out var next))
        {
            if (WaitFor(next, now) is { Ticks: > 0 } wait)
            {
                // Rounded up: a timer that is early by less than its resolution would find the same and be set again.
                _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(wait.TotalMilliseconds, MaxPause.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
                return;
            }

            _queue.Dequeue();
            _inFlight++;
            _window.Made(_inFlight);
            _rate.Take(now);
            _requests.Take(1, now);
            _tokens.Take(next.Tokens, now);
            _ownRequests?.Take(1, now);
            _ownTokens?.Take(next.Tokens, now);
            next.Grant(new CallPermit(this, new Call(_made++, now, next.Tokens, _requests.Taken, _tokens.Taken)));
        }
    }

    private TimeSpan WaitFor(CallWaiter next, TimeSpan now)
    {
        var wait = _pausedUntil - now;
        wait = Longer(wait, _rate.WaitFor(now));
        wait = Longer(wait, _requests.WaitFor(1, now));
        wait = Longer(wait, _tokens.WaitFor(next.Tokens, now));
        wait = Longer(wait, _ownRequests?.WaitFor(1, now) ?? TimeSpan.Zero);
        return Longer(wait, _ownTokens?.WaitFor(next.Tokens, now) ?? TimeSpan.Zero);
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                MakeCalls();
            }
        }
    }

    private void Cancel(CallWaiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (waiter.Place?.List is null)
            {
                return; // Its call is being made.
            }

            _queue.Remove(waiter.Share, waiter.Place);
            MakeCalls();
        }

        waiter.Cancel(cancellationToken);
    }

    private static TokenBucket? OwnBudget(int? perMinute)
    {
        if (perMinute is not { } limit)
        {
            return null;
        }

        var perSecond = limit / SecondsPerMinute;
        return new TokenBucket(perSecond, CapacityOf(perSecond), TimeSpan.Zero);
    }

    private static void Share(TokenBucket? bucket, int? perMinute, int instances, TimeSpan pause, TimeSpan now)
    {
        if (bucket is null || perMinute is not { } limit)
        {
            return;
        }

        var perSecond = limit / SecondsPerMinute / instances;
        bucket.Resize(perSecond, CapacityOf(perSecond), now);
        if (pause > TimeSpan.Zero)
        {
            bucket.Set(-perSecond * pause.TotalSeconds, now);
        }
    }

    private static double CapacityOf(double perSecond) => Math.Max(1, perSecond * BurstSeconds);

    private static double? Least(params ReadOnlySpan<double?> rates)
    {
        double? least = null;
        foreach (var rate in rates)
        {
            least = least is null || rate < least ? rate ?? least : least;
        }

        return least;
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>A call that was made.</summary>
    /// <param name="Number">Counts calls.</param>
    /// <param name="MadeAt">When, since the start.</param>
    /// <param name="Tokens">How many it was expected to use.</param>
    /// <param name="RequestsTaken">Calls made until then, itself included.</param>
    /// <param name="TokensTaken">Tokens expected until then, its own included.</param>
    internal readonly record struct Call(long Number, TimeSpan MadeAt, int Tokens, double RequestsTaken, double TokensTaken);
}
