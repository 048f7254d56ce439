using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Status;

/// <summary>Makes a job's status out of its orchestration and, for the pages in flight, their committed parts.</summary>
internal sealed class JobReader(PageParts parts, TimeProvider time)
{
    /// <summary>The status of a job, as of now.</summary>
    /// <exception cref="ProblemException">There is no such job.</exception>
    public async Task<Job> ReadAsync(DurableTaskClient durable, string id, CancellationToken cancellationToken)
    {
        var instance = JobId.IsValid(id) ? await durable.GetInstanceAsync(id, getInputsAndOutputs: true, cancellationToken) : null;
        if (instance is null)
        {
            throw Problems.UnknownJob(id);
        }

        var inFlight = new Totals(0, 0, 0, 0);
        if (instance is { IsCompleted: false, SerializedCustomStatus: not null } && instance.ReadCustomStatusAs<JobProgress>() is { } progress)
        {
            foreach (var page in progress.InFlight)
            {
                await foreach (var part in parts.SummariesAsync(id, page, progress.Round, cancellationToken))
                {
                    inFlight += new Totals(part.Succeeded, part.Failed, part.Canceled.Count, part.Discarded);
                }
            }
        }

        return Describe(instance, inFlight);
    }

    /// <summary>The status of a job from its orchestration alone: pages in flight count as not begun. For lists.</summary>
    public Job Describe(OrchestrationMetadata instance) => Describe(instance, new Totals(0, 0, 0, 0));

    private Job Describe(OrchestrationMetadata instance, Totals inFlight)
    {
        var run = instance.ReadInputAs<JobRun>() ?? throw new InvalidDataException($"Orchestration {instance.InstanceId} has no input.");
        var progress = instance.SerializedCustomStatus is null ? null : instance.ReadCustomStatusAs<JobProgress>();
        var totals = progress is null ? inFlight : progress.Totals + inFlight;
        var done = Math.Min(run.Job.Items, totals.Succeeded + totals.Failed + totals.Canceled + totals.Discarded);
        var ended = instance.IsCompleted ? instance.LastUpdatedAt : (DateTimeOffset?)null;
        var elapsed = progress?.StartedAt is { } started ? (ended ?? time.GetUtcNow()) - started : TimeSpan.Zero;
        double? rate = done > 0 && elapsed > TimeSpan.Zero ? done / elapsed.TotalSeconds : null;
        return new Job
        {
            Id = instance.InstanceId,
            Status = StatusOf(instance.RuntimeStatus),
            Model = run.Job.Model,
            Options = run.Job.Options,
            Items = new ItemCounts(run.Job.Items, totals.Succeeded, totals.Failed, totals.Canceled, totals.Discarded),
            Pages = new PageCounts(progress?.Pages ?? 0, progress?.CompletedPages ?? 0),
            Percent = Math.Floor(10_000.0 * done / run.Job.Items) / 100,
            ItemsPerSecond = rate is { } perSecond ? Math.Round(perSecond, 2) : null,
            EtaSeconds = rate is { } speed && ended is null ? Math.Round((run.Job.Items - done) / speed, 1) : null,
            CreatedAt = run.Job.CreatedAt,
            LastUpdatedAt = instance.LastUpdatedAt,
            CompletedAt = ended,
            Error = instance.FailureDetails is { } failure ? new JobError("job_failed", $"{failure.ErrorType}: {failure.ErrorMessage}") : null,
            Links = LinksOf(instance.InstanceId),
        };
    }

    private static JobLinks LinksOf(string id) => new($"/api/jobs/{id}", $"/api/jobs/{id}/results", $"/api/jobs/{id}/errors", $"/api/jobs/{id}/parked");

    private static JobStatus StatusOf(OrchestrationRuntimeStatus status) => status switch
    {
        OrchestrationRuntimeStatus.Pending => JobStatus.NotStarted,
        OrchestrationRuntimeStatus.Suspended => JobStatus.Paused,
        OrchestrationRuntimeStatus.Completed => JobStatus.Succeeded,
        OrchestrationRuntimeStatus.Failed => JobStatus.Failed,
        OrchestrationRuntimeStatus.Terminated => JobStatus.Canceled,
        _ => JobStatus.Running,
    };
}
