using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>
/// The configured models: <c>Models:{name}:Runner</c> chooses the runner, the other settings of the section are the runner's.
/// Callers name models and never reach paths or addresses. A runner is made when its model is first used, once.
/// </summary>
internal sealed class ModelCatalog(IConfiguration configuration, IEnumerable<RunnerKind> kinds) : IDisposable
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Models";

    private readonly ConcurrentDictionary<string, Lazy<IModelRunner>> _runners = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names of the models.</summary>
    public IEnumerable<string> Names => configuration.GetSection(Section).GetChildren().Where(IsModel).Select(model => model.Key);

    /// <summary>Whether there is a model of this name.</summary>
    public bool Contains(string name) => !name.Contains(':', StringComparison.Ordinal) && IsModel(configuration.GetSection(Section).GetSection(name));

    /// <summary>The runner of a model; null if there is no such model.</summary>
    /// <exception cref="InvalidOperationException">The model's settings are wrong; the message says which.</exception>
    public IModelRunner? Find(string name) =>
        Contains(name) ? _runners.GetOrAdd(name, key => new Lazy<IModelRunner>(() => Create(key))).Value : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var runner in _runners.Values.Where(runner => runner.IsValueCreated))
        {
            (runner.Value as IDisposable)?.Dispose();
        }
    }

    private static bool IsModel(IConfigurationSection model) => !string.IsNullOrEmpty(model["Runner"]);

    private IModelRunner Create(string name)
    {
        var model = configuration.GetSection(Section).GetSection(name);
        var kind = kinds.FirstOrDefault(kind => string.Equals(kind.Name, model["Runner"], StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidOperationException(
                $"{Section}:{name}:Runner is '{model["Runner"]}'; known runners are {string.Join(", ", kinds.Select(kind => kind.Name))}.");
        return kind.Create(model);
    }
}
