using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Redrive;

/// <summary>
/// <c>POST /api/jobs/{id}/redrive</c> and <c>/discard</c>: starts another round of a job that has ended, about items of it that are parked.
/// What a call that ended too early has left behind, an epoch or a selection that nobody uses, does no harm to the call that repeats it.
/// </summary>
internal sealed class RedriveJob(
    JobReader jobs, JobControls controls, JobBlobs blobs, RunSettings runs, SubmissionLimits limits, JobSettings settings, TimeProvider time)
{
    [Function(nameof(RedriveJob))]
    public async Task<IResult> Redrive(
        [HttpTrigger(BuiltAccess.Level, "post", Route = "jobs/{id}/redrive")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var instance = await JobReader.InstanceAsync(durable, id, cancellationToken);
        var read = await RedriveRequestReader.RedriveAsync(request, cancellationToken);
        return await RunAsync(request, durable, instance, read, cancellationToken);
    }

    [Function(nameof(DiscardParked))]
    public async Task<IResult> DiscardParked(
        [HttpTrigger(BuiltAccess.Level, "post", Route = "jobs/{id}/discard")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var instance = await JobReader.InstanceAsync(durable, id, cancellationToken);
        var read = await RedriveRequestReader.DiscardAsync(request, cancellationToken);
        return await RunAsync(request, durable, instance, read, cancellationToken);
    }

    private async Task<IResult> RunAsync(
        HttpRequest request, DurableTaskClient durable, OrchestrationMetadata instance, ReadRedrive read, CancellationToken cancellationToken)
    {
        var id = instance.InstanceId;
        // Checked first: a request that is wrong is wrong whatever the job does.
        var job = Changed(JobReader.RunOf(instance).Job, read);
        if (instance.IsCompleted)
        {
            var summary = Summary(instance);
            if (summary.Totals is { Failed: 0, Canceled: 0 })
            {
                return (await jobs.ReadAsync(instance, cancellationToken)).ToResult();
            }

            if (await PurgeOrchestrator.IsRunningAsync(durable, id, cancellationToken))
            {
                throw Problems.BeingPurged(id);
            }

            using var place = await limits.TakePlaceAsync(durable, Caller.Of(request), cancellationToken);
            var run = await BeginAsync(job, instance, read, cancellationToken);
            instance = await StartAsync(durable, run, instance, cancellationToken);
            place.Keep();
        }

        return JobReader.RunOf(instance).Redrive?.Fingerprint == read.Fingerprint
            ? (await jobs.ReadAsync(instance, cancellationToken)).ToAccepted(request)
            : throw Problems.JobRunning(id, read.Discard ? "discarding its items" : "redriving it");
    }

    /// <summary>The job as the round runs it.</summary>
    private JobManifest Changed(JobManifest job, ReadRedrive read)
    {
        if (read.Discard)
        {
            return job;
        }

        var options = read.Request.Options ?? job.Options;
        if (options.OrderByKey != job.Options.OrderByKey)
        {
            throw Problems.BadOption(
                $"The job was submitted with orderByKey={(job.Options.OrderByKey ? "true" : "false")}, which cannot be changed. The options given here replace all of "
                + $"the job's: send \"orderByKey\":{(job.Options.OrderByKey ? "true" : "false")} among them, or no options to keep them all.");
        }

        var run = runs.Check(read.Request.Model ?? job.Model, options);
        return job with { Model = run.Model, External = run.External, Options = run.Options };
    }

    private static JobSummary Summary(OrchestrationMetadata instance) =>
        instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed && instance.SerializedOutput is not null
            ? instance.ReadOutputAs<JobSummary>() ?? throw Problems.JobIncomplete(instance.InstanceId)
            : throw Problems.JobIncomplete(instance.InstanceId);

    private async Task<JobRun> BeginAsync(JobManifest job, OrchestrationMetadata instance, ReadRedrive read, CancellationToken cancellationToken)
    {
        var summary = Summary(instance);
        var plan = await blobs.Blob(JobBlobs.Plan(job.Id)).GetPropertiesAsync(cancellationToken: cancellationToken);
        var control = await controls.ChangeAsync(job.Id, current => Reopened(job.Id, current), cancellationToken);
        var selection = JobBlobs.Redrive(job.Id, control.Epoch);
        await blobs.Blob(selection).UploadAsync(
            RedriveSelection.Of(read.Request).Write().ToStream(),
            new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } },
            cancellationToken);
        var run = JobRun.Of(job, settings, time.GetUtcNow(), Selected(summary, read));
        return run with
        {
            // Discarding runs nothing; a deadline would only leave it half done.
            EndsBy = read.Discard ? null : run.EndsBy,
            Control = control,
            Redrive = new RedriveOrder(selection, read.Discard, read.Fingerprint),
            Round = DispatchNumber.Of(control.Epoch),
            Pages = (int)(plan.Value.ContentLength / PagePlan.Width),
            Totals = summary.Totals,
            Before = summary.Totals,
            SumsBefore = JobReader.SumsOf(instance),
        };
    }

    private static long Selected(JobSummary summary, ReadRedrive read)
    {
        var parked = summary.Totals.Failed + summary.Totals.Canceled;
        return read.Request.Ids is { } ids ? Math.Min(ids.Count, parked) : parked;
    }

    private static JobControl Reopened(string id, JobControl control) =>
        control.Reopen() is { Epoch: <= DispatchNumber.MaxEpoch } reopened ? reopened : throw Problems.TooManyRounds(id);

    /// <summary>Starts the round, unless another call has begun one since the job was read.</summary>
    /// <returns>The orchestration that runs now.</returns>
    private static async Task<OrchestrationMetadata> StartAsync(
        DurableTaskClient durable, JobRun run, OrchestrationMetadata ended, CancellationToken cancellationToken)
    {
        // What the run counts on is what the job had come to when it was read: not any more if another call's round has ended since.
        var now = await durable.GetInstanceAsync(run.Job.Id, getInputsAndOutputs: true, cancellationToken) ?? throw Problems.UnknownJob(run.Job.Id);
        if (!now.IsCompleted || now.LastUpdatedAt != ended.LastUpdatedAt)
        {
            return now;
        }

        try
        {
            // By default an id can be taken from an orchestration that has ended, and from no other.
            await durable.ScheduleNewOrchestrationInstanceAsync(
                nameof(JobOrchestrator), run, new StartOrchestrationOptions(run.Job.Id), cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Back ends refuse a taken id each with an exception of its own.
            if (await durable.GetInstanceAsync(run.Job.Id, cancellationToken) is not { IsCompleted: false })
            {
                throw;
            }
        }

        return await durable.GetInstanceAsync(run.Job.Id, getInputsAndOutputs: true, cancellationToken) ?? ended;
    }
}
