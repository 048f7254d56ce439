using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Purge;

/// <summary>Jobs that have been kept for as long as they are to be kept.</summary>
internal sealed partial class ExpiredJobs(JobSettings settings, TimeProvider time, ILogger<ExpiredJobs> logger)
{
    /// <summary>Most jobs that one call looks at.</summary>
    public const int MaxJobs = 5000;

    /// <summary>Most purges that one call starts: they share the app with the jobs that run.</summary>
    public const int MaxPurges = 200;

    private const int PageSize = 100;

    /// <summary>How long the orchestration of a purge is kept after its end, for whoever waits for it.</summary>
    private static readonly TimeSpan PurgeRetention = TimeSpan.FromHours(1);

    private static readonly OrchestrationRuntimeStatus[] Ended =
        [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated];

    /// <summary>Starts the purges of jobs whose retention is over.</summary>
    /// <param name="durable">Has the jobs.</param>
    /// <param name="continuation">Where to begin in their list; null at its beginning.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Where to go on; null at the end of the list.</returns>
    public async Task<string?> PurgeAsync(DurableTaskClient durable, string? continuation, CancellationToken cancellationToken)
    {
        var query = new OrchestrationQuery { InstanceIdPrefix = JobId.Prefix, Statuses = Ended, PageSize = PageSize, FetchInputsAndOutputs = true };
        var (seen, purged) = (0, 0);
        try
        {
            await foreach (var page in durable.GetAllInstancesAsync(query).AsPages(continuation, PageSize).WithCancellation(cancellationToken))
            {
                foreach (var instance in page.Values.Where(IsExpired))
                {
                    LogExpired(instance.InstanceId, instance.LastUpdatedAt);
                    await PurgeOrchestrator.StartAsync(durable, instance.InstanceId, cancellationToken);
                    purged++;
                }

                seen += page.Values.Count;
                if (seen >= MaxJobs || purged >= MaxPurges)
                {
                    return string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken;
                }
            }
        }
        catch (Exception unusable) when (continuation is not null && seen == 0 && !cancellationToken.IsCancellationRequested)
        {
            // Back ends refuse a continuation that they no longer know each with an exception of its own.
            LogContinuation(unusable);
        }

        return null;
    }

    /// <summary>Forgets purges that have ended.</summary>
    public async Task ForgetPurgesAsync(DurableTaskClient durable, CancellationToken cancellationToken)
    {
        var query = new OrchestrationQuery { InstanceIdPrefix = PurgeOrchestrator.Prefix, Statuses = Ended, PageSize = PageSize };
        var old = new List<OrchestrationMetadata>();
        await foreach (var purge in durable.GetAllInstancesAsync(query).WithCancellation(cancellationToken))
        {
            if (time.GetUtcNow() - purge.LastUpdatedAt >= PurgeRetention)
            {
                old.Add(purge);
            }

            if (old.Count == MaxPurges)
            {
                break;
            }
        }

        foreach (var purge in old)
        {
            if (purge.RuntimeStatus != OrchestrationRuntimeStatus.Completed)
            {
                LogPurgeFailed(purge.InstanceId);
            }

            await durable.PurgeInstanceAsync(purge.InstanceId, cancellationToken);
        }
    }

    private bool IsExpired(OrchestrationMetadata instance) =>
        JobId.IsValid(instance.InstanceId)
        && time.GetUtcNow() - instance.LastUpdatedAt >= (JobReader.RunOf(instance).Job.Options.Retention ?? settings.Retention);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job} ended at {End:u}, and its retention is over; deleting it.")]
    private partial void LogExpired(string job, DateTimeOffset end);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The list of jobs cannot be gone on with; the next housekeeping begins it anew.")]
    private partial void LogContinuation(Exception unusable);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Purge {Purge} has failed; what is left of its job is found again.")]
    private partial void LogPurgeFailed(string purge);
}
