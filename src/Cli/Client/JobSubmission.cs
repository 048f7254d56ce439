using System.Globalization;
using System.Text;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Client;

/// <summary>What a submitted input is to be run on, and how; travels beside the NDJSON body.</summary>
/// <param name="Model">Name of a model that the service has configured.</param>
/// <param name="Options">How to run the job.</param>
/// <param name="IdempotencyKey">Makes the call repeatable: the same key names the same job. Null: every call makes a new job.</param>
internal sealed record JobSubmission(string Model, JobOptions Options, string? IdempotencyKey)
{
    /// <summary>The query of <c>POST /api/jobs</c>, without its question mark. Options that were not chosen are left to the service.</summary>
    public string ToQuery()
    {
        var query = new StringBuilder("model=").Append(Uri.EscapeDataString(Model));
        if (Options.OrderByKey)
        {
            query.Append("&orderByKey=true");
        }

        if (Options.ChunkItems is { } items)
        {
            query.Append(CultureInfo.InvariantCulture, $"&chunkItems={items}");
        }

        if (Options.MaxConcurrency is { } concurrency)
        {
            query.Append(CultureInfo.InvariantCulture, $"&maxConcurrency={concurrency}");
        }

        if (Options.Priority != JobPriority.Normal)
        {
            query.Append("&priority=").Append(Options.Priority == JobPriority.High ? "high" : "low");
        }

        if (Options.OnFailure == FailureAction.StopLane)
        {
            query.Append("&onFailure=stopLane");
        }

        if (Options.Tolerate is { } tolerance)
        {
            query.Append("&tolerate=").Append(Uri.EscapeDataString(tolerance.ToString()));
        }

        if (Options.Deadline is { } deadline)
        {
            query.Append(CultureInfo.InvariantCulture, $"&deadline={deadline:c}");
        }

        if (Options.Retention is { } retention)
        {
            query.Append(CultureInfo.InvariantCulture, $"&retention={retention:c}");
        }

        if (Options.Webhook is { } webhook)
        {
            query.Append("&webhook=").Append(Uri.EscapeDataString(webhook));
        }

        return query.ToString();
    }
}
