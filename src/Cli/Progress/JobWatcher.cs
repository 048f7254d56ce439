using ModelJobs.Cli.Client;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Progress;

/// <summary>Follows a job to its end, one call at a time.</summary>
internal sealed class JobWatcher(JobsClient client, TimeProvider time)
{
    /// <summary>Failed calls in a row before a watch gives up; a job outlives a deployment or a lost network.</summary>
    public const int MaxFailures = 10;

    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(30);

    /// <summary>Watches until the job has ended.</summary>
    /// <param name="id">The job.</param>
    /// <param name="interval">How often to report, in whole seconds; the end is reported at once.</param>
    /// <param name="sink">Takes every status.</param>
    /// <param name="cancellationToken">Stops watching; the job goes on.</param>
    /// <returns>The job as it ended.</returns>
    /// <exception cref="ServiceException">
    /// The first call failed, a call failed for good, or more than <see cref="MaxFailures"/> failed in a row.
    /// </exception>
    public async Task<Job> WatchAsync(string id, TimeSpan interval, IProgressSink sink, CancellationToken cancellationToken)
    {
        var job = await client.GetAsync(id, TimeSpan.Zero, cancellationToken);
        sink.Report(job);
        var failures = 0;
        while (!job.HasEnded())
        {
            var asked = time.GetTimestamp();
            try
            {
                // The service holds its answer for the interval, or less if the job ends: one call both paces and ends the watch.
                job = await client.GetAsync(id, interval, cancellationToken);
                failures = 0;
            }
            catch (ServiceException error) when (error.IsTransient && failures < MaxFailures)
            {
                failures++;
                sink.Notice($"{error.Message} Trying again ({failures} of {MaxFailures}).");
                await Task.Delay(Backoff(interval, failures), time, cancellationToken);
                continue;
            }
            sink.Report(job);
            await PaceAsync(job, interval - time.GetElapsedTime(asked), cancellationToken);
        }
        return job;
    }

    private static TimeSpan Backoff(TimeSpan interval, int failures) =>
        TimeSpan.FromTicks(Math.Min(MaxBackoff.Ticks, interval.Ticks << (failures - 1)));

    // A gateway that ignores `Prefer` answers at once; it must not be asked in a tight loop.
    private Task PaceAsync(Job job, TimeSpan left, CancellationToken cancellationToken) =>
        job.HasEnded() || left <= TimeSpan.Zero ? Task.CompletedTask : Task.Delay(left, time, cancellationToken);
}
