using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Telemetry;

/// <summary>
/// The app's own spans. The trace begins with the call that submits a job; the durable back end carries it to activities, messages carry
/// it from whoever sent them. Without a listener nothing is made and nothing is written.
/// </summary>
internal static class JobSpans
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "ModelJobs";

    /// <summary>Application property with the sender's span, as the Azure SDK names it; W3C <c>traceparent</c>.</summary>
    public const string DiagnosticId = "Diagnostic-Id";

    private const string TraceParent = "traceparent";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A job is accepted and started.</summary>
    public static Activity? Submit() => Source.StartActivity("submit");

    /// <summary>Chunks of a page are sent.</summary>
    public static Activity? DispatchPage(string job, int page, string model) =>
        OfPage(Source.StartActivity("dispatch page"), job, page)?.SetTag(TelemetryAttributes.Model, model);

    /// <summary>Answers of a page are taken, for a slice of time.</summary>
    public static Activity? CollectPage(string job, int page) => OfPage(Source.StartActivity("collect page"), job, page);

    /// <summary>Pages are put into the output.</summary>
    public static Activity? Assemble(string job) => Source.StartActivity("assemble")?.SetTag(TelemetryAttributes.Job, job);

    /// <summary>A job ended: a span without length, so that every trace says how.</summary>
    /// <param name="trace">The trace of the job's orchestration.</param>
    /// <param name="job">The job.</param>
    /// <param name="model">Its model.</param>
    /// <param name="status">Its final status.</param>
    public static void End(TraceContext trace, string job, string model, string status)
    {
        if (Source.HasListeners())
        {
            _ = ActivityContext.TryParse(trace.TraceParent, trace.TraceState, isRemote: true, out var parent);
            Source.StartActivity("job end", ActivityKind.Internal, parent)?
                .SetTag(TelemetryAttributes.Job, job)
                .SetTag(TelemetryAttributes.Model, model)
                .SetTag(TelemetryAttributes.JobStatus, status)
                .Dispose();
        }
    }

    /// <summary>A chunk is run. It hangs below its message's sender unless the host has put a span of that trace in between.</summary>
    public static Activity? ProcessChunk(ServiceBusReceivedMessage message, ChunkMessage chunk, string queue)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var sender = SenderOf(message);
        var span = Activity.Current is { } current && (sender == default || current.TraceId == sender.TraceId)
            ? Source.StartActivity("process chunk", ActivityKind.Consumer)
            : Source.StartActivity("process chunk", ActivityKind.Consumer, sender);
        return OfPage(span, chunk.Id.Job, chunk.Id.Page)?
            .SetTag(TelemetryAttributes.Chunk, chunk.Id.Chunk)
            .SetTag(TelemetryAttributes.Model, chunk.Model)
            .SetTag(TelemetryAttributes.MessagingSystem, TelemetryAttributes.ServiceBus)
            .SetTag(TelemetryAttributes.Destination, queue)
            .SetTag(TelemetryAttributes.OperationName, "process")
            .SetTag(TelemetryAttributes.OperationType, "process");
    }

    /// <summary>
    /// Has a message carry the trace that it is sent in, as the Azure SDK does where its own spans are on; also one that is not sampled, so
    /// that whoever takes the message does not begin a trace of its own.
    /// </summary>
    public static void Inject(ServiceBusMessage message)
    {
        if (Source.HasListeners() && Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            message.ApplicationProperties[DiagnosticId] = id;
            message.ApplicationProperties[TraceParent] = id;
        }
    }

    private static ActivityContext SenderOf(ServiceBusReceivedMessage message) =>
        message.ApplicationProperties.TryGetValue(DiagnosticId, out var id)
        && ActivityContext.TryParse(id as string, traceState: null, isRemote: true, out var sender) ? sender : default;

    private static Activity? OfPage(Activity? span, string job, int page) =>
        span?.SetTag(TelemetryAttributes.Job, job).SetTag(TelemetryAttributes.Page, page);
}
