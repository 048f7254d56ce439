using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ModelJobs.Bench.InProcess;

/// <summary>Something that happened in a trace.</summary>
/// <param name="Name">Name of the span, or of the metric.</param>
/// <param name="Start">When it began (UTC).</param>
/// <param name="End">When it ended (UTC).</param>
/// <param name="Function">The function that it happened in; null outside of one.</param>
/// <param name="Method">HTTP method, where it is a call.</param>
/// <param name="Url">URL, where it is a call.</param>
internal sealed record TraceEvent(string Name, DateTime Start, DateTime End, string? Function, string? Method, Uri? Url);

/// <summary>
/// Hears what the app says about itself, as a collector would: its spans, the worker's, those of HTTP calls that leave it, and when its metrics
/// were recorded; by trace.
/// </summary>
internal sealed class TraceLog : IDisposable
{
    private const string Http = "System.Net.Http";
    private const string Function = "function ";

    /// <summary>Queries of URLs are left out of spans unless this is set before the first call: which block of a blob is written is in them.</summary>
    private const string WholeUrls = "System.Net.Http.DisableUriRedaction";

    private static readonly HashSet<string> Sources = ["ModelJobs", "ModelJobs.Bench", "Microsoft.Azure.Functions.Worker", Http];

    private readonly ConcurrentDictionary<ActivityTraceId, ConcurrentQueue<TraceEvent>> _events = [];
    private readonly ActivitySource _source = new("ModelJobs.Bench");
    private readonly ActivityListener _spans;
    private readonly MeterListener _metrics;

    public TraceLog()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = source => Sources.Contains(source.Name),
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Add,
        };
        ActivitySource.AddActivityListener(_spans);
        _metrics = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "ModelJobs")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _metrics.SetMeasurementEventCallback<double>((instrument, _, _, _) => Add(instrument));
        _metrics.SetMeasurementEventCallback<long>((instrument, _, _, _) => Add(instrument));
        _metrics.Start();
    }

    /// <summary>Has spans name the whole URLs of calls.</summary>
    public static void ShowWholeUrls() => AppContext.SetSwitch(WholeUrls, isEnabled: true);

    /// <summary>Begins a trace that calls made from here belong to.</summary>
    public Activity Begin() => _source.StartActivity("job") ?? throw new InvalidOperationException("Nobody listens to the bench's own spans.");

    /// <summary>What has happened in a trace; it is forgotten.</summary>
    public IReadOnlyList<TraceEvent> Take(Activity trace) => _events.TryRemove(trace.TraceId, out var events) ? [.. events.OrderBy(one => one.Start)] : [];

    public void Dispose()
    {
        _spans.Dispose();
        _metrics.Dispose();
        _source.Dispose();
    }

    private void Add(Activity span)
    {
        var url = span.GetTagItem("url.full") as string;
        Add(span, new TraceEvent(
            span.OperationName,
            span.StartTimeUtc,
            span.StartTimeUtc + span.Duration,
            FunctionOf(span),
            span.GetTagItem("http.request.method") as string,
            url is null ? null : new Uri(url)));
    }

    private void Add(Instrument metric)
    {
        if (Activity.Current is { } span)
        {
            var now = DateTime.UtcNow;
            Add(span, new TraceEvent(metric.Name, now, now, FunctionOf(span), null, null));
        }
    }

    private void Add(Activity span, TraceEvent happened) => _events.GetOrAdd(span.TraceId, _ => []).Enqueue(happened);

    private static string? FunctionOf(Activity? span)
    {
        for (; span is not null; span = span.Parent)
        {
            if (span.OperationName.StartsWith(Function, StringComparison.Ordinal))
            {
                return span.OperationName[Function.Length..];
            }
        }

        return null;
    }
}
