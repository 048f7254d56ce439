using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Purge;

/// <summary>
/// Folders of blobs without an orchestration: what submissions have left that died before they could start one. A job that was run and has
/// no orchestration any more lost it in another way, to another task hub perhaps; its folder is kept for as long as a job is.
/// </summary>
internal sealed partial class OrphanedFolders(JobBlobs blobs, JobSettings settings, TimeProvider time, ILogger<OrphanedFolders> logger)
{
    /// <summary>Most folders that one call looks at.</summary>
    public const int MaxFolders = 5000;

    private const int PageSize = 200;
    private const int Parallelism = 16;

    /// <summary>Most blobs of a folder that are looked at.</summary>
    private const int MaxBlobs = 1000;

    /// <summary>How long a submission may take.</summary>
    private static readonly TimeSpan MaxSubmission = TimeSpan.FromDays(1);

    /// <summary>Starts the purges of orphaned folders.</summary>
    /// <param name="durable">Has the jobs.</param>
    /// <param name="continuation">Where to begin in the list of folders; null at its beginning.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Where to go on; null at the end of the list.</returns>
    public async Task<string?> PurgeAsync(DurableTaskClient durable, string? continuation, CancellationToken cancellationToken)
    {
        var seen = 0;
        await foreach (var page in blobs.ListFoldersAsync(JobId.Prefix, cancellationToken).AsPages(continuation, PageSize))
        {
            var folders = page.Values.Where(folder => folder.IsPrefix).Select(folder => folder.Prefix.TrimEnd('/')).Where(JobId.IsValid);
            foreach (var batch in folders.Chunk(Parallelism))
            {
                await Task.WhenAll(batch.Select(job => PurgeIfOrphanedAsync(durable, job, cancellationToken)));
            }

            seen += page.Values.Count;
            if (seen >= MaxFolders)
            {
                return string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken;
            }
        }

        return null;
    }

    private async Task PurgeIfOrphanedAsync(DurableTaskClient durable, string job, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - JobId.CreatedAt(job) < MaxSubmission || await durable.GetInstanceAsync(job, cancellationToken) is not null)
        {
            return;
        }

        var (changed, wasAccepted, wasRun) = (DateTimeOffset.MinValue, false, false);
        await foreach (var blob in blobs.ListAsync(JobBlobs.Folder(job), cancellationToken).Take(MaxBlobs).WithCancellation(cancellationToken))
        {
            changed = blob.Properties.LastModified is { } at && at > changed ? at : changed;
            wasAccepted |= blob.Name == JobBlobs.Manifest(job);
            wasRun |= blob.Name == JobBlobs.Plan(job);
        }

        // An id that an idempotency key stands for can be older than the call that uses it now.
        var age = time.GetUtcNow() - changed;
        if (age >= (wasRun ? settings.Retention : MaxSubmission))
        {
            LogOrphan(job, wasRun ? "was run" : wasAccepted ? "was accepted and never begun" : "was never accepted", changed);
            await PurgeOrchestrator.StartAsync(durable, job, cancellationToken);
        }
        else if (wasRun)
        {
            LogKept(job, changed + settings.Retention);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} {What}, has no orchestration and was last written to at {Changed:u}; deleting its blobs.")]
    private partial void LogOrphan(string job, string what, DateTimeOffset changed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} was run and has no orchestration, in this task hub; its blobs are kept until {End:u}.")]
    private partial void LogKept(string job, DateTimeOffset end);
}
