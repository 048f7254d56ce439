using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>Where a job stands. The last three are final.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
public enum JobStatus
{
    /// <summary>Accepted; the orchestration has not run yet.</summary>
    NotStarted,

    /// <summary>Planning, running or assembling.</summary>
    Running,

    /// <summary>Held by a person: nothing new is run until it is resumed.</summary>
    Paused,

    /// <summary>Ended; every item has its line, be it in the results or in the errors.</summary>
    Succeeded,

    /// <summary>Ended by an error of the job itself, past its deadline, or with more failed items than it tolerates.</summary>
    Failed,

    /// <summary>Ended by a person.</summary>
    Canceled,
}

/// <summary>The body of <c>GET /api/jobs/{id}</c>: an Azure REST long-running operation with the job's own counts.</summary>
public sealed record Job
{
    /// <summary>Id of the job and of its orchestration.</summary>
    public required string Id { get; init; }

    /// <summary>Where the job stands.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Options as submitted, defaults filled in.</summary>
    public required JobOptions Options { get; init; }

    /// <summary>Counts of items.</summary>
    public required ItemCounts Items { get; init; }

    /// <summary>Counts of pages.</summary>
    public required PageCounts Pages { get; init; }

    /// <summary>Share of items that have their result, 0 to 100.</summary>
    public required double Percent { get; init; }

    /// <summary>Items per second since the job started; absent before the first result.</summary>
    public double? ItemsPerSecond { get; init; }

    /// <summary>Seconds until the job ends: by its measured capacity once there is enough of that, before by its rate; absent when unknown or ended.</summary>
    public double? EtaSeconds { get; init; }

    /// <summary>What was measured of the nodes that run its chunks in this round; absent before the first result, in lists, and where external workers run them.</summary>
    public JobCapacity? Capacity { get; init; }

    /// <summary>What the job has used; absent before the first result and in lists.</summary>
    public JobUsage? Usage { get; init; }

    /// <summary>How the calls to the model's endpoint are balanced; absent unless the job runs on such a model and an instance uses it now.</summary>
    public JobBalance? Balance { get; init; }

    /// <summary>When the job was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the job's orchestration last made a step (UTC).</summary>
    public required DateTimeOffset LastUpdatedAt { get; init; }

    /// <summary>When the job ended (UTC); absent while it runs.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Why the job itself failed; absent otherwise. Failed items are not here but in the errors.</summary>
    public JobError? Error { get; init; }

    /// <summary>
    /// What became of telling the job's webhook of the end of its latest round; absent while the job runs, where it has no webhook, in lists,
    /// and in what the webhook itself is told.
    /// </summary>
    public JobWebhook? Webhook { get; init; }

    /// <summary>Where to read on.</summary>
    public required JobLinks Links { get; init; }
}

/// <summary>Counts of a job's items. All but the total add up to it when the job has ended.</summary>
/// <param name="Total">Items in the input.</param>
/// <param name="Succeeded">Items with a line in the results.</param>
/// <param name="Failed">Items that failed for good and are parked; each has a line in the errors, as the two below have.</param>
/// <param name="Canceled">Items that were not run to their end.</param>
/// <param name="Discarded">Items that a person has discarded.</param>
public sealed record ItemCounts(long Total, long Succeeded, long Failed, long Canceled = 0, long Discarded = 0);

/// <summary>Counts of a job's pages.</summary>
/// <param name="Total">Pages in the plan; 0 before the job is planned.</param>
/// <param name="Completed">Pages whose every chunk has answered.</param>
/// <param name="Window">How many pages may be in flight at once, as of now; absent when the job has ended, and in lists.</param>
public sealed record PageCounts(int Total, int Completed, int? Window = null);

/// <summary>Why something failed.</summary>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record JobError(string Code, string Message);

/// <summary>How far a webhook was told of a job's end.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="Attempts">Calls that have ended.</param>
/// <param name="LastStatus">HTTP status of the last one's answer; absent if it had none.</param>
/// <param name="LastError">Why the last one failed, as a stable word: docs/webhooks.md; absent if it did not.</param>
/// <param name="NextAttemptAt">When the next one is due (UTC); absent if there is none.</param>
public sealed record JobWebhook(
    WebhookState State, int Attempts, int? LastStatus = null, string? LastError = null, DateTimeOffset? NextAttemptAt = null);

/// <summary>Where the telling of a webhook stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebhookState>))]
public enum WebhookState
{
    /// <summary>It has not succeeded yet, and will be tried.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>The receiver has taken it.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,

    /// <summary>It was given up.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>What a webhook is told: the body of the call, as Standard Webhooks shapes it.</summary>
/// <param name="Type">What has happened: <c>job.succeeded</c>, <c>job.failed</c> or <c>job.canceled</c>.</param>
/// <param name="Timestamp">When it happened (UTC).</param>
/// <param name="Data">The job as <c>GET /api/jobs/{id}</c> answers it.</param>
public sealed record WebhookEvent(string Type, DateTimeOffset Timestamp, Job Data);

/// <summary>Links from a job to its parts, as absolute paths.</summary>
/// <param name="Self">The job.</param>
/// <param name="Results">NDJSON lines of the items that succeeded.</param>
/// <param name="Errors">NDJSON lines of the items that did not succeed.</param>
/// <param name="Parked">NDJSON lines of those of them that can be redriven or discarded.</param>
public sealed record JobLinks(string Self, string Results, string Errors, string Parked);

/// <summary>The body of <c>GET /api/jobs</c>.</summary>
/// <param name="Jobs">Jobs, newest first within the page.</param>
/// <param name="NextLink">Path of the next page; absent on the last.</param>
public sealed record JobList(IReadOnlyList<Job> Jobs, string? NextLink = null);
