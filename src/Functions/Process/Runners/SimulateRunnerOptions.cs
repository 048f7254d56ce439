using Microsoft.Extensions.Configuration;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>What the items of a <see cref="SimulateRunner"/> may do.</summary>
public sealed record SimulateRunnerOptions
{
    /// <summary>Whether <c>"fail": "crash"</c> and <c>"stall"</c> do what they say. Whoever may submit a job can then end workers.</summary>
    public bool AllowCrash { get; init; }

    /// <summary>Whether items succeed whatever <c>"fail"</c> says: a model whose cause of failure is gone, to redrive on.</summary>
    public bool IgnoreFail { get; init; }

    /// <summary>Settings of the model's section that are not options of the runner.</summary>
    private static readonly string[] Others = ["Runner"];

    /// <summary>Reads the options from a model's section.</summary>
    internal static SimulateRunnerOptions Read(IConfigurationSection model)
    {
        var options = new SimulateRunnerOptions();
        StrictSettings.Bind(model, options, Others);
        return options;
    }

    /// <summary>What is wrong with the options in a model's section; null if nothing is.</summary>
    internal static string? ProblemOf(IConfigurationSection model) =>
        StrictSettings.Problems(model, new SimulateRunnerOptions(), Others) is { Count: > 0 } problems ? string.Join("; ", problems) : null;
}
