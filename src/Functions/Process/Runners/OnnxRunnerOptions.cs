using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Runners.Onnx;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>How an <see cref="OnnxRunner"/> runs its model.</summary>
public sealed record OnnxRunnerOptions
{
    /// <summary>Threads that one run of the model may use, shared by all runs of the session; by default one per processor.</summary>
    [Range(1, int.MaxValue)]
    public int IntraOpThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Most items in one batched tensor; by default the largest chunk is one batch. Lower it for models that need much memory per item.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int MaxBatchItems { get; init; } = JobLimits.MaxChunkItems;

    /// <summary>
    /// Most elements of all outputs of one item together. An item with more fails: its result would be many megabytes of JSON.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int MaxOutputElements { get; init; } = 1_000_000;

    /// <summary>
    /// Runs of the model at once; by default one per processor. Chunks that come while all are under way wait, and share the next run.
    /// </summary>
    [Range(1, 1000)]
    public int ParallelRuns { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// How long items wait for others, so that a run has more of them; by default not at all. For models that run many items almost as fast as one.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxBatchDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Whether the model is loaded, and run once, when the app starts rather than when its first chunk comes.</summary>
    public bool WarmUp { get; init; }

    /// <summary>Settings of the model's section that are not options of the runner.</summary>
    private static readonly string[] Others = ["Runner", .. ModelFile.Settings];

    /// <summary>Reads the options from a model's section.</summary>
    internal static OnnxRunnerOptions Read(IConfigurationSection model)
    {
        var options = new OnnxRunnerOptions();
        StrictSettings.Bind(model, options, Others);
        return options;
    }

    /// <summary>What is wrong with the options in a model's section; null if nothing is.</summary>
    internal static string? ProblemOf(IConfigurationSection model) =>
        StrictSettings.Problems(model, new OnnxRunnerOptions(), Others) is { Count: > 0 } problems ? string.Join("; ", problems) : null;
}
