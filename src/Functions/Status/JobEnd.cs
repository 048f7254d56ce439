using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Status;

/// <summary>How a job's orchestration has ended, or is about to.</summary>
/// <param name="Status">The job's status.</param>
/// <param name="Summary">What it returns; null if it has failed or was terminated.</param>
/// <param name="Failure">What it has failed with; null if it has not.</param>
/// <param name="At">When (UTC).</param>
internal sealed record JobEnd(JobStatus Status, JobSummary? Summary, JobError? Failure, DateTimeOffset At)
{
    /// <summary>Why the job did not run to its end; null if it did, or if a person has ended it, who knows why.</summary>
    public JobError? Error => Failure ?? (Summary?.Stopped is { Code: not JobControl.Canceled } stopped ? stopped : null);
}
