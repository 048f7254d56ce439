using ModelJobs.Contracts;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Dispatch;

/// <summary>
/// Which jobs go by <c>chunks-express</c>. A queue is first come, first served, and a large job has thousands of chunks in <c>chunks</c>: a
/// small one would wait for them all.
/// </summary>
internal static class ShortWay
{
    /// <summary>Whether a round of a job goes the short way.</summary>
    /// <param name="job">The job.</param>
    /// <param name="items">Most items that the round is about.</param>
    /// <param name="settings">Says how many chunks a small job has.</param>
    public static bool IsFor(JobManifest job, long items, JobSettings settings) => !job.External && job.Options.Priority switch
    {
        JobPriority.High => true,
        JobPriority.Low => false,
        _ => ChunksOf(job, items) <= settings.ExpressChunks,
    };

    // Long items fill a chunk before it has as many as it may have; those of a round are taken to be as long as those of the job.
    private static double ChunksOf(JobManifest job, long items)
    {
        var byCount = Math.Ceiling(items / (double)(job.Options.ChunkItems ?? JobLimits.DefaultChunkItems));
        return Math.Max(byCount, job.Bytes / (double)JobLimits.MaxChunkBytes * items / Math.Max(1, job.Items));
    }
}
