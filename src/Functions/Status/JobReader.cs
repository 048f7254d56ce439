using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Status;

/// <summary>Makes a job's status out of its orchestration, its control and, for the pages in flight, their committed parts.</summary>
internal sealed class JobReader(PageParts parts, JobControls controls, UsageReading usage, BalanceReading balances, TimeProvider time)
{
    /// <summary>A job's orchestration, with its input and output.</summary>
    /// <exception cref="ProblemException">There is no such job.</exception>
    public static async Task<OrchestrationMetadata> InstanceAsync(DurableTaskClient durable, string id, CancellationToken cancellationToken) =>
        (JobId.IsValid(id) ? await durable.GetInstanceAsync(id, getInputsAndOutputs: true, cancellationToken) : null) ?? throw Problems.UnknownJob(id);

    /// <summary>What a job's orchestration was started with, or goes on with.</summary>
    public static JobRun RunOf(OrchestrationMetadata instance) =>
        instance.ReadInputAs<JobRun>() ?? throw new InvalidDataException($"Orchestration {instance.InstanceId} has no input.");

    /// <summary>What a job has failed with whose orchestration has failed.</summary>
    public static JobError ErrorOf(string type, string message) => new("job_failed", $"{type}: {message}");

    /// <summary>The status of a job, as of now, and what became of telling its webhook.</summary>
    /// <exception cref="ProblemException">There is no such job.</exception>
    public async Task<Job> ReadAsync(DurableTaskClient durable, string id, CancellationToken cancellationToken)
    {
        var instance = await InstanceAsync(durable, id, cancellationToken);
        var job = await ReadAsync(instance, cancellationToken);
        return instance.IsCompleted && RunOf(instance) is { Job.Options.Webhook: not null } run
            ? job with { Webhook = await WebhookStatus.ReadAsync(durable, id, run.Round, cancellationToken) }
            : job;
    }

    /// <summary>The status of a job whose orchestration was read.</summary>
    public async Task<Job> ReadAsync(OrchestrationMetadata instance, CancellationToken cancellationToken)
    {
        if (instance.IsCompleted)
        {
            return Measured(Describe(instance, JobCounts.None, isPaused: false, RunSums.None), instance, RunSums.None);
        }

        var (inFlight, sums) = (JobCounts.None, RunSums.None);
        if (ProgressOf(instance) is { } progress)
        {
            foreach (var page in progress.InFlight)
            {
                await foreach (var part in parts.SummariesAsync(instance.InstanceId, page, progress.Round, cancellationToken))
                {
                    inFlight += new Totals(part.Succeeded, part.Failed, part.Canceled.Count, part.Discarded);
                    sums += part.Sums;
                }
            }
        }

        var control = await controls.ReadAsync(instance.InstanceId, cancellationToken);
        var run = RunOf(instance);
        return Measured(Describe(instance, inFlight, control.State == ControlState.Paused, sums), instance, sums) with
        {
            Balance = await balances.OfAsync(run.Job.Model, run.Job.Options.Priority, cancellationToken),
        };
    }

    /// <summary>The status of a job that has come into being just now: none of its items has answered.</summary>
    public async Task<Job> ReadNewAsync(DurableTaskClient durable, string id, CancellationToken cancellationToken)
    {
        var instance = await InstanceAsync(durable, id, cancellationToken);
        return Measured(Describe(instance, JobCounts.None, isPaused: false, RunSums.None), instance, RunSums.None);
    }

    /// <summary>The status of a job for a list: pages in flight count as not begun, and a pause may go unseen for <see cref="JobControls.MaxAge"/>.</summary>
    public async Task<Job> ListAsync(OrchestrationMetadata instance, CancellationToken cancellationToken)
    {
        var isPaused = !instance.IsCompleted && (await controls.GetAsync(instance.InstanceId, cancellationToken)).State == ControlState.Paused;
        return Describe(instance, JobCounts.None, isPaused, RunSums.None);
    }

    /// <summary>A job whose orchestration is about to end.</summary>
    /// <param name="instance">The orchestration, with its input and custom status.</param>
    /// <param name="end">How it ends.</param>
    public Job Describe(OrchestrationMetadata instance, JobEnd end) =>
        Measured(Describe(instance, JobCounts.None, isPaused: false, RunSums.None, end), instance, RunSums.None);

    /// <summary>What the pages done of a job have measured, all its rounds together; null if nothing.</summary>
    public static RunSums? SumsOf(OrchestrationMetadata instance)
    {
        var run = RunOf(instance);
        var sums = (run.SumsBefore ?? RunSums.None) + SumsOfRound(run, ProgressOf(instance));
        return sums.Answers > 0 ? sums : null;
    }

    private static RunSums SumsOfRound(JobRun run, JobProgress? progress) => progress?.Sums ?? run.Sums ?? RunSums.None;

    private static int? MostAtOnce(JobRun run) => run.Lanes > 0 ? run.Lanes : null;

    private Job Measured(Job job, OrchestrationMetadata instance, RunSums inFlight)
    {
        var run = RunOf(instance);
        return job with
        {
            Pages = job.Pages with { Window = job.CompletedAt is null ? ProgressOf(instance)?.Window : null },
            Capacity = CapacityReading.Of(SumsOfRound(run, ProgressOf(instance)) + inFlight, MostAtOnce(run)),
            Usage = usage.Of(run, (SumsOf(instance) ?? RunSums.None) + inFlight),
        };
    }

    private Job Describe(OrchestrationMetadata instance, Totals inFlight, bool isPaused, RunSums sums) => Describe(instance, inFlight, isPaused, sums, EndOf(instance));

    private Job Describe(OrchestrationMetadata instance, Totals inFlight, bool isPaused, RunSums sums, JobEnd? end)
    {
        var run = RunOf(instance);
        var progress = ProgressOf(instance);
        var summary = end?.Summary;
        var counts = new JobCounts(run, summary?.Totals ?? progress?.Totals ?? run.Totals, inFlight);
        var ended = end?.At;
        var elapsed = progress?.StartedAt is { } started ? (ended ?? time.GetUtcNow()) - started : TimeSpan.Zero;
        double? rate = counts.Answered > 0 && elapsed > TimeSpan.Zero ? counts.Answered / elapsed.TotalSeconds : null;
        var pages = progress?.Pages ?? run.Pages ?? 0;
        var left = CapacityReading.TimeLeft(SumsOfRound(run, progress) + sums, MostAtOnce(run), counts.Open, time.GetUtcNow())?.TotalSeconds ?? counts.Open / rate;
        return new Job
        {
            Id = instance.InstanceId,
            Status = isPaused ? JobStatus.Paused : end?.Status ?? StatusOf(instance.RuntimeStatus, summary),
            Model = run.Job.Model,
            Options = WebhookPolicy.Shown(run.Job.Options),
            Items = counts.Items,
            // A redrive passes over the pages that it has nothing to do on.
            Pages = new PageCounts(pages, summary is null ? progress?.CompletedPages ?? 0 : pages),
            Percent = ended is null || summary is null ? counts.Percent : 100,
            ItemsPerSecond = rate is { } perSecond ? Math.Round(perSecond, 2) : null,
            EtaSeconds = left is { } seconds && ended is null && !isPaused ? Math.Round(seconds, 1) : null,
            CreatedAt = run.Job.CreatedAt,
            LastUpdatedAt = ended ?? instance.LastUpdatedAt,
            CompletedAt = ended,
            Error = end?.Error,
            Links = LinksOf(instance.InstanceId),
        };
    }

    private static JobProgress? ProgressOf(OrchestrationMetadata instance) =>
        instance.SerializedCustomStatus is null ? null : instance.ReadCustomStatusAs<JobProgress>();

    private static JobLinks LinksOf(string id) => new($"/api/jobs/{id}", $"/api/jobs/{id}/results", $"/api/jobs/{id}/errors", $"/api/jobs/{id}/parked");

    private static JobEnd? EndOf(OrchestrationMetadata instance)
    {
        if (!instance.IsCompleted)
        {
            return null;
        }

        var summary = instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed && instance.SerializedOutput is not null
            ? instance.ReadOutputAs<JobSummary>()
            : null;
        var failure = instance.FailureDetails is { } details ? ErrorOf(details.ErrorType, details.ErrorMessage) : null;
        return new JobEnd(StatusOf(instance.RuntimeStatus, summary), summary, failure, instance.LastUpdatedAt);
    }

    private static JobStatus StatusOf(OrchestrationRuntimeStatus status, JobSummary? summary) => status switch
    {
        OrchestrationRuntimeStatus.Pending => JobStatus.NotStarted,
        OrchestrationRuntimeStatus.Suspended => JobStatus.Paused,
        OrchestrationRuntimeStatus.Completed => summary?.Status ?? JobStatus.Succeeded,
        OrchestrationRuntimeStatus.Failed => JobStatus.Failed,
        OrchestrationRuntimeStatus.Terminated => JobStatus.Canceled,
        _ => JobStatus.Running,
    };
}
