using System.Text.Json.Serialization;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Collect;

/// <summary>What to collect.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Page">The page.</param>
/// <param name="Input">The job's input blob.</param>
/// <param name="Options">The job's options.</param>
/// <param name="Round">Number of the dispatch that began the round: what it sent is what must be answered.</param>
/// <param name="Epoch">The job's epoch; the collection is interrupted when the job has gone on to another.</param>
/// <param name="External">Whether external workers give the answers.</param>
internal sealed record CollectOrder(
    string JobId, PagePlan Page, string Input, JobOptions Options, int Round = 0, int Epoch = 0, bool External = false)
{
    /// <summary>The model that the job was submitted for, for metrics; null: it is looked up.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    /// <summary>With more failed items in this page than this the job is stopped; null if any number may fail.</summary>
    public long? MaxFailed { get; init; }

    /// <summary>Whether the chunks have gone the short way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Express { get; init; }

    /// <summary>Take what has come, and do not wait for more.</summary>
    public bool DrainOnly { get; init; }

    /// <summary>Take what has come, and fail with this all items that have not answered by then.</summary>
    public JobError? GiveUp { get; init; }
}

/// <summary>How far a page's round has come.</summary>
/// <param name="Page">Number of the page.</param>
/// <param name="Succeeded">Items that succeeded so far.</param>
/// <param name="Failed">Items that failed so far.</param>
/// <param name="Canceled">Items that were canceled so far.</param>
/// <param name="Complete">Whether every item has answered.</param>
/// <param name="Control">What has come over the job; null while it simply runs in the order's epoch.</param>
internal sealed record PageReport(int Page, long Succeeded, long Failed, long Canceled, bool Complete, JobControl? Control = null)
{
    /// <summary>What the runs measured that the answers came from; null until the page is complete, and where nothing was measured.</summary>
    public RunSums? Sums { get; init; }

    /// <summary>Items that have answered.</summary>
    public long Answered => Succeeded + Failed + Canceled;
}
