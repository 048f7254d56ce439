namespace ModelJobs.Functions.Telemetry;

/// <summary>
/// Names of the attributes of metrics and spans, in one place: queries, alerts and the workbook in infra/ are written against them
/// (docs/telemetry.md). Those that begin with <c>messaging.</c> and <c>error.</c> are OpenTelemetry's semantic conventions.
/// </summary>
internal static class TelemetryAttributes
{
    /// <summary>Name of the model. Few values: on metrics and spans.</summary>
    public const string Model = "job.model";

    /// <summary>How an item ended: <c>succeeded</c>, <c>failed</c>, <c>canceled</c> or <c>discarded</c>.</summary>
    public const string Outcome = "outcome";

    /// <summary>Which way tokens went: <c>input</c> or <c>output</c>.</summary>
    public const string Direction = "direction";

    /// <summary>How a job ended: the names of its final statuses.</summary>
    public const string Status = "status";

    /// <summary>Why an item is parked: its error code.</summary>
    public const string Reason = "reason";

    /// <summary>Id of the job. As many values as there are jobs: on spans and log lines only.</summary>
    public const string Job = "job.id";

    /// <summary>Number of the page. On spans and log lines only.</summary>
    public const string Page = "job.page";

    /// <summary>Number of the chunk. On spans and log lines only.</summary>
    public const string Chunk = "job.chunk";

    /// <summary>How the job ended, on its last span.</summary>
    public const string JobStatus = "job.status";

    /// <summary>The messaging system: always <see cref="ServiceBus"/>.</summary>
    public const string MessagingSystem = "messaging.system";

    /// <summary>The queue.</summary>
    public const string Destination = "messaging.destination.name";

    /// <summary>What was done, in the system's own word: <c>send</c>, <c>receive</c>, <c>complete</c> ...</summary>
    public const string OperationName = "messaging.operation.name";

    /// <summary>What kind of thing was done: <c>send</c>, <c>receive</c>, <c>process</c> or <c>settle</c>.</summary>
    public const string OperationType = "messaging.operation.type";

    /// <summary>The exception's type, if there was one.</summary>
    public const string ErrorType = "error.type";

    /// <summary>Value of <see cref="MessagingSystem"/>.</summary>
    public const string ServiceBus = "servicebus";
}
