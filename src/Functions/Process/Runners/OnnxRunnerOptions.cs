using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>How an <see cref="OnnxRunner"/> runs its model.</summary>
public sealed record OnnxRunnerOptions
{
    /// <summary>Threads that one run of the model may use, shared by all runs of the session; by default one per processor.</summary>
    public int IntraOpThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Most items in one batched tensor; by default the largest chunk is one batch. Lower it for models that need much memory per item.
    /// </summary>
    public int MaxBatchItems { get; init; } = JobLimits.MaxChunkItems;

    /// <summary>
    /// Most elements of all outputs of one item together. An item with more fails: its result would be many megabytes of JSON.
    /// </summary>
    public int MaxOutputElements { get; init; } = 1_000_000;
}
