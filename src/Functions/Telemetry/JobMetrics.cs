using System.Diagnostics.Metrics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace ModelJobs.Functions.Telemetry;

/// <summary>The app's own metrics: what happens to items, chunks and jobs, by model. docs/telemetry.md lists them.</summary>
internal sealed class JobMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ModelJobs";

    /// <summary>Bounds for times from a cached answer to the longest that a chunk may take; seconds.</summary>
    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800] };

    private static readonly InstrumentAdvice<int> Attempts = new() { HistogramBucketBoundaries = [1, 2, 3, 5, 10, 20, 50, 100] };

    /// <summary>Reasons that are told apart: external workers make up codes of their own, and each is a series to keep.</summary>
    public const int MaxReasons = 50;

    private const string OtherReason = "other";

    private readonly HashSet<string> _reasons = new(StringComparer.Ordinal);
    private readonly Counter<long> _items;
    private readonly Histogram<int> _attempts;
    private readonly Histogram<double> _queueWait;
    private readonly Histogram<double> _runTime;
    private readonly Gauge<int> _window;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _jobs;
    private readonly Counter<long> _pastDeadline;

    public JobMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _items = meter.CreateCounter<long>("modeljobs.items", "{item}", "Items that have their line, by how they ended.");
        _attempts = meter.CreateHistogram("modeljobs.item.attempts", "{attempt}", "Attempts that an item took.", advice: Attempts);
        _queueWait = meter.CreateHistogram("modeljobs.chunk.queue_wait", "s", "From a chunk's enqueueing to the start of its run.", advice: Seconds);
        _runTime = meter.CreateHistogram("modeljobs.chunk.run_time", "s", "From the start of a chunk's run to its answer.", advice: Seconds);
        _window = meter.CreateGauge<int>("modeljobs.window", "{chunk}", "Chunks of a model that may be in flight at once.");
        _tokens = meter.CreateCounter<long>("modeljobs.tokens", "{token}", "Tokens read and written by models.");
        _parked = meter.CreateCounter<long>("modeljobs.parked", "{item}", "Items that failed for good and wait for a person, by error code.");
        _jobs = meter.CreateCounter<long>("modeljobs.jobs", "{job}", "Jobs that ended, by status.");
        _pastDeadline = meter.CreateCounter<long>("modeljobs.jobs.past_deadline", "{job}", "Jobs that ended because their deadline had passed.");
    }

    /// <summary>Whether somebody listens to what happens to items.</summary>
    public bool CountsItems => _items.Enabled || _attempts.Enabled || _parked.Enabled;

    /// <summary>Whether somebody listens to tokens.</summary>
    public bool CountsTokens => _tokens.Enabled;

    /// <summary>Whether somebody listens to windows.</summary>
    public bool WatchesWindows => _window.Enabled;

    /// <summary>Items got their lines, all in the same way.</summary>
    public void ItemsEnded(string model, string outcome, int items) =>
        _items.Add(items, new(TelemetryAttributes.Model, model), new Tag(TelemetryAttributes.Outcome, outcome));

    /// <summary>An item got its line after so many attempts, the first included.</summary>
    public void ItemTried(string model, string outcome, int attempts) =>
        _attempts.Record(attempts, new(TelemetryAttributes.Model, model), new Tag(TelemetryAttributes.Outcome, outcome));

    /// <summary>A chunk began to run.</summary>
    /// <param name="model">Its model.</param>
    /// <param name="wait">Since it was enqueued; clocks of two machines may make it negative, which counts as none.</param>
    public void ChunkStarted(string model, TimeSpan wait) =>
        _queueWait.Record(Math.Max(0, wait.TotalSeconds), new Tag(TelemetryAttributes.Model, model));

    /// <summary>A chunk was answered.</summary>
    public void ChunkAnswered(string model, TimeSpan runTime) => _runTime.Record(runTime.TotalSeconds, new Tag(TelemetryAttributes.Model, model));

    /// <summary>So many chunks of the model may now be in flight at once.</summary>
    public void WindowChanged(string model, int chunks) => _window.Record(chunks, new Tag(TelemetryAttributes.Model, model));

    /// <summary>A model read and wrote tokens.</summary>
    public void TokensUsed(string model, long input, long output)
    {
        _tokens.Add(input, new(TelemetryAttributes.Model, model), new Tag(TelemetryAttributes.Direction, "input"));
        _tokens.Add(output, new(TelemetryAttributes.Model, model), new Tag(TelemetryAttributes.Direction, "output"));
    }

    /// <summary>Items failed for good.</summary>
    public void ItemsParked(string model, string reason, int items) =>
        _parked.Add(items, new(TelemetryAttributes.Model, model), new Tag(TelemetryAttributes.Reason, Bounded(reason)));

    /// <summary>A job ended.</summary>
    /// <param name="model">Its model.</param>
    /// <param name="status">Its final status.</param>
    /// <param name="pastDeadline">Whether it was ended because its deadline had passed.</param>
    public void JobEnded(string model, string status, bool pastDeadline)
    {
        _jobs.Add(1, new(TelemetryAttributes.Model, model), new Tag(TelemetryAttributes.Status, status));
        if (pastDeadline)
        {
            _pastDeadline.Add(1, new Tag(TelemetryAttributes.Model, model));
        }
    }

    private string Bounded(string reason)
    {
        lock (_reasons)
        {
            return _reasons.Contains(reason) || (_reasons.Count < MaxReasons && _reasons.Add(reason)) ? reason : OtherReason;
        }
    }
}
