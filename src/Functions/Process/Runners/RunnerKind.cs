using Microsoft.Extensions.Configuration;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>A kind of runner that configuration can name. Registered as a service; to add a kind, add one.</summary>
/// <param name="Name">What <c>Models:{name}:Runner</c> says, in any case.</param>
/// <param name="Create">
/// Makes the runner of a model from the model's section; null if the app does not run models of this kind: their chunks go to external workers.
/// </param>
/// <param name="Problem">What is wrong with a model's section, if that can be seen without making the runner; null if nothing is.</param>
public sealed record RunnerKind(
    string Name, Func<IConfigurationSection, IModelRunner>? Create, Func<IConfigurationSection, string?>? Problem = null)
{
    /// <summary>Whether its runners are <see cref="ITokenCounter"/>s, and cheap to make.</summary>
    public bool CountsTokens { get; init; }

    /// <summary>Whether its runners are <see cref="IBalancedRunner"/>s.</summary>
    public bool IsBalanced { get; init; }
}
