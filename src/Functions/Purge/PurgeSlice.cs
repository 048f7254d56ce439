using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Purge;

/// <summary>
/// Deletes what is left of a job, for a while: its idempotency key, blobs, parked messages, the orchestrations of its pages and of its
/// webhook, and its own last of all, so that a job of which anything is left is still there to be deleted.
/// </summary>
internal sealed partial class PurgeSlice(JobBlobs blobs, ParkedMessages parked, TimeProvider time, ILogger<PurgeSlice> logger)
{
    private const int Parallelism = 16;
    private const int PageSize = 500;
    private const int NotFound = 404;
    private const int PreconditionFailed = 412;

    /// <summary>How long a call deletes before it ends, well within the function time-out.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMinutes(1);
    private static readonly RedriveSelection All = new(Codes: null, Ids: null);

    /// <returns>Whether nothing is left to do.</returns>
    [Function(nameof(PurgeSlice))]
    public async Task<bool> Run([ActivityTrigger] string job, [DurableClient] DurableTaskClient durable, CancellationToken cancellationToken)
    {
        if (!JobId.IsValid(job))
        {
            throw new ArgumentException($"'{job}' is no job's id.", nameof(job));
        }

        if (await durable.GetInstanceAsync(job, cancellationToken) is { IsCompleted: false })
        {
            // It was redriven between the call and now.
            LogRuns(job);
            return true;
        }

        var start = time.GetTimestamp();
        await DeleteKeyAsync(job, cancellationToken);
        if (!await DeleteBlobsAsync(job, start, cancellationToken))
        {
            return false;
        }

        await parked.RemoveAsync(job, All, cancellationToken);
        foreach (var prefix in (string[])[WebhookOrchestrator.InstanceIds(job), PageOrchestrator.InstanceIds(job)])
        {
            if (!await ForgetAllAsync(durable, prefix, start, cancellationToken))
            {
                return false;
            }
        }

        await ForgetAsync(durable, job, cancellationToken);
        LogPurged(job);
        return true;
    }

    // Only while it stands for this job: a call between two slices may have given it to another.
    private async Task DeleteKeyAsync(string job, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = await blobs.Blob(JobBlobs.Manifest(job)).DownloadContentAsync(cancellationToken);
            if (JsonSerializer.Deserialize(manifest.Value.Content.ToMemory().Span, ManifestJson.Default.JobManifest)?.KeyBlob is not { } name)
            {
                return;
            }

            var key = (await blobs.Blob(name).DownloadContentAsync(cancellationToken)).Value;
            if (key.Content.ToString() == job)
            {
                await blobs.Blob(name).DeleteIfExistsAsync(
                    conditions: new BlobRequestConditions { IfMatch = key.Details.ETag }, cancellationToken: cancellationToken);
            }
        }
        catch (RequestFailedException gone) when (gone.Status is NotFound or PreconditionFailed)
        {
            // The manifest or the key is gone, or the key is another job's.
        }
        catch (JsonException unreadable)
        {
            LogManifest(unreadable, job);
        }
    }

    private async Task<bool> DeleteBlobsAsync(string job, long start, CancellationToken cancellationToken)
    {
        await foreach (var page in blobs.ListAsync(JobBlobs.Folder(job), cancellationToken).AsPages(pageSizeHint: PageSize))
        {
            await Parallel.ForEachAsync(
                page.Values,
                new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                async (blob, token) => await blobs.Blob(blob.Name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: token));
            if (IsOver(start))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> ForgetAllAsync(DurableTaskClient durable, string prefix, long start, CancellationToken cancellationToken)
    {
        var areGone = true;
        var query = new OrchestrationQuery { InstanceIdPrefix = prefix, PageSize = PageSize };
        await foreach (var page in durable.GetAllInstancesAsync(query).AsPages().WithCancellation(cancellationToken))
        {
            foreach (var batch in page.Values.Chunk(Parallelism))
            {
                var gone = await Task.WhenAll(batch.Select(instance => EndAndForgetAsync(durable, instance, cancellationToken)));
                areGone &= gone.All(one => one);
                if (IsOver(start))
                {
                    return false;
                }
            }
        }

        return areGone;
    }

    private static async Task<bool> EndAndForgetAsync(DurableTaskClient durable, OrchestrationMetadata instance, CancellationToken cancellationToken)
    {
        if (instance.IsCompleted)
        {
            await durable.PurgeInstanceAsync(instance.InstanceId, cancellationToken);
            return true;
        }

        // A job that was terminated by an operator's tool leaves its pages running, and a webhook may be told for days.
        await durable.TerminateInstanceAsync(instance.InstanceId, cancellationToken);
        return false;
    }

    // Some back ends purge an orchestration that runs just as well, so that is looked at here and not left to them.
    private static async Task ForgetAsync(DurableTaskClient durable, string job, CancellationToken cancellationToken)
    {
        if (await durable.GetInstanceAsync(job, cancellationToken) is { IsCompleted: true })
        {
            await durable.PurgeInstanceAsync(job, cancellationToken);
        }
    }

    private bool IsOver(long start) => time.GetElapsedTime(start) >= Slice;

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted job {Job}.")]
    private partial void LogPurged(string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} was to be deleted, but runs again; it stays.")]
    private partial void LogRuns(string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The manifest of job {Job} cannot be read; if the job had an idempotency key, its blob stays.")]
    private partial void LogManifest(Exception unreadable, string job);
}
