using ModelJobs.Contracts;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Estimate;

/// <summary>
/// What a job takes, by how it is cut: docs/costs.md says how each number comes about. For a job none of whose items fails, whose pages each
/// fit one part and one slice of collecting, and whose results travel in their messages.
/// </summary>
internal static class JobFormulas
{
    /// <summary>A page's session is accepted, looked into at its end, and renewed with its part.</summary>
    private const int SessionOperationsPerPage = 3;

    /// <summary>A message is sent, received and completed.</summary>
    private const int OperationsPerMessage = 3;

    /// <summary>A lane's state is read before a chunk and stored after it.</summary>
    private const int StateOperationsPerLaneChunk = 2;

    /// <summary>At a job's end a lane is accepted, looked into, and its state removed.</summary>
    private const int OperationsToCloseLane = 3;

    /// <summary>Manifest and plan.</summary>
    private const int WritesPerJob = 2;

    /// <summary>A part, a block of the output and its commit, and the page's parts listed by its collector and by the assembly.</summary>
    private const int WritesPerPage = 5;

    /// <summary>The job's control, for the first worker.</summary>
    private const int ReadsPerJob = 1;

    /// <summary>Lines and part.</summary>
    private const int ReadsPerPage = 2;

    /// <summary>The versions of output and errors, and the blocks of the output, after its first page.</summary>
    private const int ReadsToAppend = 3;

    /// <summary>Dispatch, collection, assembly.</summary>
    private const int ActivitiesPerPage = 3;

    /// <summary>Beginning and end of an orchestration; likewise of what it calls.</summary>
    private const int EventsPerStep = 2;

    /// <summary>An orchestrator runs when it begins and when anything that it waits for has ended.</summary>
    private const int TurnsPerPage = 5;

    /// <summary>Operations of Service Bus.</summary>
    public static ServiceBusEstimate ServiceBus(JobShape job) => new(
        ChunkMessages: job.Chunks,
        ResultMessages: job.Chunks,
        Batches: job.Batches,
        Sent: job.ChunkOperations + job.Chunks,
        Received: job.ChunkOperations + job.Chunks,
        Completed: 2 * job.Chunks,
        Sessions: (SessionOperationsPerPage * job.Pages) + (StateOperationsPerLaneChunk * job.LaneChunks) + job.PageLanes + (OperationsToCloseLane * job.Lanes));

    /// <summary>Operations that so many messages took, each sent, received and completed, and the states of lanes.</summary>
    public static long Operations(long chunkMessages, long resultMessages, bool inLanes) =>
        (OperationsPerMessage * (chunkMessages + resultMessages)) + (inLanes ? StateOperationsPerLaneChunk * chunkMessages : 0);

    /// <summary>Transactions of the jobs' storage.</summary>
    public static StorageEstimate Storage(JobShape job)
    {
        var blocks = (job.Bytes + InputUpload.BlockBytes - 1) / InputUpload.BlockBytes;
        return new StorageEstimate(
            // Of several blocks a list is made.
            Writes: WritesPerJob + blocks + (blocks > 1 ? 1 : 0) + (WritesPerPage * job.Pages) + job.ScatteredPages,
            Reads: ReadsPerJob + (ReadsPerPage * job.Pages) + (ReadsToAppend * (job.Pages - 1)) + (job.IsPlanShort ? 0 : 1 + job.Pages) + job.LargeChunks);
    }

    /// <summary>Orchestrations and what they call.</summary>
    public static DurableEstimate Durable(JobShape job)
    {
        var orchestrations = 1 + job.Pages;
        var activities = (job.IsPlanShort ? 0 : 1) + (ActivitiesPerPage * job.Pages) + (job.Lanes > 0 ? 1 : 0);
        // A page's orchestration has its events in its own history and in the job's.
        return new DurableEstimate(orchestrations, activities, EventsPerStep * (orchestrations + job.Pages + activities));
    }

    /// <summary>Runs of functions.</summary>
    public static long Executions(JobShape job)
    {
        const int submission = 1, begin = 1;
        var turns = begin + (job.IsPlanShort ? 0 : 1) + (TurnsPerPage * job.Pages) + (job.Lanes > 0 ? 1 : 0);
        return submission + job.Chunks + Durable(job).Activities + turns;
    }
}
