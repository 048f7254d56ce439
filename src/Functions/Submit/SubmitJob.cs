using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Submit;

/// <summary><c>POST /api/jobs</c>: stores the input, makes the job, starts its orchestration. With <c>dryRun=true</c>: says what the job would take.</summary>
internal sealed class SubmitJob(
    JobBlobs blobs,
    JobRequestReader requests,
    SubmissionLimits limits,
    IdempotencyKeys keys,
    InputWriter inputs,
    JobEstimator estimator,
    JobReader jobs,
    JobControls controls,
    JobSettings settings,
    TimeProvider time)
{
    private const string IdempotencyKey = "Idempotency-Key";

    [Function(nameof(SubmitJob))]
    public async Task<IResult> Run(
        [HttpTrigger(BuiltAccess.Level, "post", Route = "jobs")] HttpRequest request,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var caller = Caller.Of(request);
        limits.CountSubmission(caller);
        if (JobRequestReader.IsDryRun(request))
        {
            var estimate = await estimator.EstimateAsync(await requests.ReadAsync(request, cancellationToken), cancellationToken);
            return Results.Json(estimate, ContractsJson.Wire.JobEstimate);
        }

        using var span = JobSpans.Submit();
        var key = KeyOf(request);
        using var place = await TakePlaceAsync(durable, caller, key, cancellationToken);
        var (manifest, isNew) = await AcceptAsync(request, caller, key, cancellationToken);
        span?.SetTag(TelemetryAttributes.Job, manifest.Id).SetTag(TelemetryAttributes.Model, manifest.Model);
        await StartAsync(durable, manifest, isNew, cancellationToken);
        if (isNew)
        {
            place?.Keep();
        }

        var job = isNew
            ? await jobs.ReadNewAsync(durable, manifest.Id, cancellationToken)
            : await jobs.ReadAsync(durable, manifest.Id, cancellationToken);
        return job.ToAccepted(request);
    }

    // A repeated call makes no job, and so needs no place: whoever lost the answer must not have to wait for the job to end to learn of it. Looked at
    // only where there is no place, since it takes two requests to storage.
    private async Task<JobPlace?> TakePlaceAsync(DurableTaskClient durable, Caller caller, string? key, CancellationToken cancellationToken)
    {
        try
        {
            return await limits.TakePlaceAsync(durable, caller, cancellationToken);
        }
        catch (ProblemException) when (key is not null)
        {
            if (await keys.FindAsync(key, caller, cancellationToken) is not { } id || !await blobs.Blob(JobBlobs.Manifest(id)).ExistsAsync(cancellationToken))
            {
                throw;
            }

            return null;
        }
    }

    /// <returns>The job, and whether this call has made it.</returns>
    private async Task<(JobManifest Job, bool IsNew)> AcceptAsync(HttpRequest request, Caller caller, string? key, CancellationToken cancellationToken)
    {
        var job = await requests.ReadAsync(request, cancellationToken);
        var id = key is null ? JobId.Create(time, caller.Tag) : await keys.JobIdOfAsync(key, caller, cancellationToken);
        var attempt = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        var input = await inputs.WriteAsync(JobBlobs.Input(id, attempt), job.Model, job.Options, job.Items, cancellationToken);
        var manifest = new JobManifest
        {
            Id = id,
            Model = job.Model,
            External = job.External,
            Options = job.Options,
            Input = input.Name,
            Items = input.Items,
            Bytes = input.Bytes,
            Pages = input.Pages,
            Fingerprint = input.Fingerprint,
            KeyBlob = key is null ? null : IdempotencyKeys.BlobOf(key, caller),
            Owner = caller.Owner,
            CreatedAt = time.GetUtcNow(),
        };

        var stored = await CreateOrReadAsync(manifest, cancellationToken);
        var isNew = stored.Input == input.Name;
        if (isNew)
        {
            controls.Begin(id);
        }
        else
        {
            // The key has made a job before. Its input stands; this copy has no job.
            await inputs.DeleteAsync(input.Name);
        }

        return stored.Fingerprint == input.Fingerprint ? (stored, isNew) : throw Problems.KeyReused(id);
    }

    private static string? KeyOf(HttpRequest request)
    {
        string? key = request.Headers[IdempotencyKey];
        return key is { Length: 0 or > JobLimits.MaxNameLength }
            ? throw Problems.BadOption($"{IdempotencyKey} must have 1 to {JobLimits.MaxNameLength} characters.")
            : key;
    }

    private async Task<JobManifest> CreateOrReadAsync(JobManifest manifest, CancellationToken cancellationToken)
    {
        var blob = blobs.Blob(JobBlobs.Manifest(manifest.Id));
        try
        {
            var onlyIfNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            var body = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.JobManifest));
            await blob.UploadAsync(body.ToStream(), onlyIfNew, cancellationToken);
            return manifest;
        }
        catch (RequestFailedException exists) when (exists.Status is StatusCodes.Status409Conflict or StatusCodes.Status412PreconditionFailed)
        {
            var content = await blob.DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize(content.Value.Content.ToMemory().Span, ManifestJson.Default.JobManifest)
                ?? throw new InvalidDataException($"The manifest of job {manifest.Id} is empty.");
        }
    }

    /// <summary>Starts the orchestration unless it was started before, be it by a call that ended before it could answer.</summary>
    private async Task StartAsync(DurableTaskClient durable, JobManifest manifest, bool isNew, CancellationToken cancellationToken)
    {
        if (!isNew && await durable.GetInstanceAsync(manifest.Id, cancellationToken) is not null)
        {
            return;
        }

        try
        {
            await durable.ScheduleNewOrchestrationInstanceAsync(
                nameof(JobOrchestrator),
                JobRun.Of(manifest, settings, manifest.CreatedAt),
                new StartOrchestrationOptions(manifest.Id),
                cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Back ends refuse a taken id each with an exception of its own; what counts is whether the job runs.
            if (await durable.GetInstanceAsync(manifest.Id, cancellationToken) is null)
            {
                throw;
            }
        }
    }
}
