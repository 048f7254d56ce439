using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>The job orchestrator's input: what was submitted and, carried over each ContinueAsNew, how far it came.</summary>
internal sealed record JobRun
{
    /// <summary>What was submitted.</summary>
    public required JobManifest Job { get; init; }

    /// <summary>Pages in flight at once.</summary>
    public required int PagesInFlight { get; init; }

    /// <summary>Pages in the plan; null before the job is planned.</summary>
    public int? Pages { get; init; }

    /// <summary>When the plan was made: rates count from here.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The pages before this one are done.</summary>
    public int NextPage { get; init; }

    /// <summary>The pages before this one are in the output.</summary>
    public int AssembledPages { get; init; }

    /// <summary>Items of the pages done that succeeded.</summary>
    public long Succeeded { get; init; }

    /// <summary>Items of the pages done that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Chunks dispatched so far in each lane; empty where the job has no lanes.</summary>
    public IReadOnlyList<long> LaneChunks { get; init; } = [];

    /// <summary>Lanes of the job; 0 where its chunks need neither order nor a limit on concurrency.</summary>
    public int Lanes => Dispatch.Lanes.CountOf(Job.Options);
}

/// <summary>The job orchestrator's custom status: what the status endpoint adds to the counts of the pages in flight.</summary>
/// <param name="Pages">Pages in the plan.</param>
/// <param name="CompletedPages">Pages done.</param>
/// <param name="Succeeded">Items of those that succeeded.</param>
/// <param name="Failed">Items of those that failed.</param>
/// <param name="StartedAt">When the plan was made.</param>
/// <param name="InFlight">Numbers of the pages being dispatched or collected.</param>
internal sealed record JobProgress(int Pages, int CompletedPages, long Succeeded, long Failed, DateTimeOffset? StartedAt, IReadOnlyList<int> InFlight);
