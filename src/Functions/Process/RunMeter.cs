using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Measures a run of a chunk on the node that it occupies, from the receipt of its message until the node is free again. All of that time is
/// the model's (Tc) or counts as balancing (Tq). What comes after the last answer is told with the node's next answer for the same job.
/// </summary>
internal sealed class RunMeter : IDisposable
{
    private static readonly AsyncLocal<RunMeter?> Running = new();

    private readonly Lock _lock = new();
    private readonly Nodes _nodes;
    private readonly Nodes.Places _places;
    private readonly Nodes.Place _place;
    private readonly TimeProvider _time;
    private readonly TimeSpan _idle;
    private readonly TimeSpan _wait;
    private readonly long _receivedAt;
    private long _since;
    private long _lastChange;
    private bool _inModel;
    private int _waiting;
    private int _calling;
    private TimeSpan _task;
    private long _attempts;
    private long _throttled;
    private long _inputTokens;
    private long _outputTokens;
    private bool _hasRun;
    private bool _isReported;
    private bool _isDisposed;

    public RunMeter(Nodes nodes, Nodes.Places places, Nodes.Place place, DateTimeOffset enqueued, TimeProvider time)
    {
        (_nodes, _places, _place, _time) = (nodes, places, place, time);
        var now = time.GetUtcNow();
        _since = _lastChange = time.GetTimestamp();
        _receivedAt = now.ToUnixTimeMilliseconds();
        // Clocks of two machines may have the message come before it was sent.
        _wait = Positive(now - enqueued);
        _idle = Positive(now - (place.FreeSince > enqueued ? place.FreeSince : enqueued));
    }

    /// <summary>The job that the chunk belongs to.</summary>
    public string Job { get; set; } = "";

    /// <summary>The job's epoch in which the chunk was sent: what was left over before a redrive says nothing of its round.</summary>
    public int Epoch { get; set; }

    /// <summary>A call to a model's endpoint begins, and waits for the model's limits; null if nobody measures the run that makes it.</summary>
    public static Call? BeginCall() => Running.Value is { } meter ? new Call(meter) : null;

    /// <summary>The model is given items; it has them until the scope ends.</summary>
    public ModelScope Compute(int items)
    {
        lock (_lock)
        {
            Account();
            (_inModel, _hasRun) = (true, true);
            _attempts += items;
        }

        var before = Running.Value;
        Running.Value = this;
        return new ModelScope(this, before);
    }

    /// <summary>The model used tokens.</summary>
    public void UseTokens(long input, long output)
    {
        lock (_lock)
        {
            (_inputTokens, _outputTokens) = (_inputTokens + input, _outputTokens + output);
        }
    }

    /// <summary>What was measured and not taken yet, what the node had left over of the job included.</summary>
    /// <returns>Null if the model was not run.</returns>
    public RunTiming? Take()
    {
        lock (_lock)
        {
            if (!_hasRun)
            {
                return null;
            }

            var timing = TakeOwn();
            _isReported = true;
            if (_place.Unreported is { } left && left.Job == Job && left.Epoch == Epoch)
            {
                _place.Unreported = null;
                timing = Add(timing, left.Timing);
            }

            return timing;
        }
    }

    /// <summary>Gives the node back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            if (_hasRun)
            {
                var left = TakeOwn();
                left = _isReported ? left with { Tails = 1, Tail = left.Balance, Balance = TimeSpan.Zero } : left;
                _place.Unreported = (Job, Epoch, _place.Unreported is { } before && before.Job == Job && before.Epoch == Epoch ? Add(left, before.Timing) : left);
            }
        }

        _place.FreeSince = _time.GetUtcNow();
        _places.Release(_place);
    }

    private RunTiming TakeOwn()
    {
        Account();
        var elapsed = _time.GetElapsedTime(_since, _lastChange);
        var timing = new RunTiming
        {
            Instance = _nodes.Instance,
            Slot = _place.Slot,
            Runs = _isReported ? 0 : 1,
            Task = _task,
            Balance = Positive(elapsed - _task),
            Idle = _isReported ? TimeSpan.Zero : _idle,
            Wait = _isReported ? TimeSpan.Zero : _wait,
            Attempts = _attempts,
            Throttled = _throttled,
            InputTokens = _inputTokens,
            OutputTokens = _outputTokens,
            ReceivedAt = _receivedAt,
            AnsweredAt = _time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        (_since, _task, _attempts, _throttled, _inputTokens, _outputTokens) = (_lastChange, TimeSpan.Zero, 0, 0, 0, 0);
        return timing;
    }

    // Under the lock, before anything changes that says whose the time is.
    private void Account()
    {
        var now = _time.GetTimestamp();
        if (_inModel && (_waiting == 0 || _calling > 0))
        {
            _task += _time.GetElapsedTime(_lastChange, now);
        }

        _lastChange = now;
    }

    private void Change(int waiting, int calling, int throttled = 0)
    {
        lock (_lock)
        {
            Account();
            (_waiting, _calling, _throttled) = (_waiting + waiting, _calling + calling, _throttled + throttled);
        }
    }

    private void EndModel()
    {
        lock (_lock)
        {
            Account();
            _inModel = false;
        }
    }

    private static RunTiming Add(RunTiming now, RunTiming before) => now with
    {
        Runs = now.Runs + before.Runs,
        Task = now.Task + before.Task,
        Balance = now.Balance + before.Balance,
        Idle = now.Idle + before.Idle,
        Wait = now.Wait + before.Wait,
        Tails = now.Tails + before.Tails,
        Tail = now.Tail + before.Tail,
        Attempts = now.Attempts + before.Attempts,
        Throttled = now.Throttled + before.Throttled,
        InputTokens = now.InputTokens + before.InputTokens,
        OutputTokens = now.OutputTokens + before.OutputTokens,
        ReceivedAt = before.Runs > 0 ? Math.Min(now.ReceivedAt, before.ReceivedAt) : now.ReceivedAt,
    };

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;

    /// <summary>The model has items.</summary>
    internal readonly struct ModelScope(RunMeter meter, RunMeter? before) : IDisposable
    {
        public void Dispose()
        {
            Running.Value = before;
            meter.EndModel();
        }
    }

    /// <summary>A call to a model's endpoint. While all calls of a run wait for the model's limits, nothing computes.</summary>
    internal sealed class Call : IDisposable
    {
        private readonly RunMeter _meter;
        private bool _isMade;

        public Call(RunMeter meter)
        {
            _meter = meter;
            meter.Change(waiting: 1, calling: 0);
        }

        /// <summary>The limits let it through.</summary>
        public void Made()
        {
            _isMade = true;
            _meter.Change(waiting: -1, calling: 1);
        }

        /// <summary>The endpoint refused it because there are too many.</summary>
        public void Refused() => _meter.Change(0, 0, throttled: 1);

        public void Dispose() => _meter.Change(_isMade ? 0 : -1, _isMade ? -1 : 0);
    }
}
