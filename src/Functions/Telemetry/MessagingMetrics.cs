using System.Diagnostics.Metrics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace ModelJobs.Functions.Telemetry;

/// <summary>Messages sent, received and processed, as OpenTelemetry's semantic conventions for messaging name them.</summary>
internal sealed class MessagingMetrics
{
    /// <summary>The bounds that the conventions ask for; seconds.</summary>
    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };

    private readonly Counter<long> _sent;
    private readonly Counter<long> _consumed;
    private readonly Histogram<double> _processDuration;

    public MessagingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(JobMetrics.MeterName);
        _sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that the app tried to send.");
        _consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages that were delivered to the app.");
        _processDuration = meter.CreateHistogram("messaging.process.duration", "s", "How long the app took to process a message.", advice: Seconds);
    }

    /// <summary>Messages were sent to a queue, or could not be.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="messages">How many.</param>
    /// <param name="error">What went wrong; null if nothing did.</param>
    public void Sent(string queue, int messages, Exception? error = null)
    {
        if (_sent.Enabled)
        {
            _sent.Add(messages, Tags(queue, "send", "send", error));
        }
    }

    /// <summary>Messages were received from a queue.</summary>
    public void Consumed(string queue, int messages)
    {
        if (messages > 0 && _consumed.Enabled)
        {
            _consumed.Add(messages, Tags(queue, "receive", "receive", error: null));
        }
    }

    /// <summary>A message was processed, or could not be.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="duration">From its delivery to its settlement.</param>
    /// <param name="error">What went wrong; null if nothing did.</param>
    public void Processed(string queue, TimeSpan duration, Exception? error = null)
    {
        if (_processDuration.Enabled)
        {
            _processDuration.Record(duration.TotalSeconds, Tags(queue, "process", "process", error));
        }
    }

    private static ReadOnlySpan<Tag> Tags(string queue, string name, string type, Exception? error)
    {
        Tag[] tags =
        [
            new(TelemetryAttributes.MessagingSystem, TelemetryAttributes.ServiceBus),
            new(TelemetryAttributes.Destination, queue),
            new(TelemetryAttributes.OperationName, name),
            new(TelemetryAttributes.OperationType, type),
            new(TelemetryAttributes.ErrorType, error?.GetType().FullName),
        ];
        return error is null ? tags.AsSpan(..^1) : tags;
    }
}
