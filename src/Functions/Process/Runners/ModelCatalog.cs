using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

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
    private volatile FoundModels _found = new(configuration.GetReloadToken());

    /// <summary>Names of the models.</summary>
    public IEnumerable<string> Names => Models.Select(model => model.Key);

    /// <summary>Names of the models that are to be made ready when the app starts: <c>Models:{name}:WarmUp</c>.</summary>
    public IEnumerable<string> WarmedUp => Models.Where(model => bool.TryParse(model["WarmUp"], out var warmUp) && warmUp).Select(model => model.Key);

    /// <summary>What is wrong with the settings of models, as far as it can be seen without making their runners.</summary>
    public IEnumerable<string> Problems => Models.Select(ProblemOf).OfType<string>();

    private IEnumerable<IConfigurationSection> Models => configuration.GetSection(Section).GetChildren().Where(IsModel);

    /// <summary>Whether there is a model of this name.</summary>
    public bool Contains(string name) => Look(name) is not null;

    /// <summary>Whether external workers run the model instead of the app.</summary>
    public bool IsExternal(string name) => Look(name) is { Kind: { Create: null } };

    /// <summary>Whether the model's calls go through a limiter.</summary>
    public bool IsBalanced(string name) => Look(name) is { Kind.IsBalanced: true };

    /// <summary>The runner of a model; null if there is no such model, or external workers run it.</summary>
    /// <exception cref="Exception">The runner cannot be made; the next call tries again.</exception>
    public IModelRunner? Find(string name)
    {
        if (Look(name) is not { } found || found.Kind is { Create: null })
        {
            return null;
        }

        // Made once under a lock of its own: a large model that is being loaded holds up nobody else's.
        var runner = _runners.GetOrAdd(name, key => new Lazy<IModelRunner>(() => Create(key)));
        try
        {
            return runner.Value;
        }
        catch
        {
            // A Lazy remembers its failure; what was missing may be there the next time.
            _runners.TryRemove(KeyValuePair.Create(name, runner));
            throw;
        }
    }

    /// <summary>What guesses the tokens of a model's items; null for a model that counts none.</summary>
    /// <exception cref="Exception">The runner cannot be made.</exception>
    public ITokenCounter? FindTokenCounter(string name) => Look(name) is { Kind.CountsTokens: true } ? Find(name) as ITokenCounter : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var runner in _runners.Values.Where(runner => runner.IsValueCreated))
        {
            (runner.Value as IDisposable)?.Dispose();
        }
    }

    /// <summary>A model of the configuration as it is now, null if there is none: looked up once, as every chunk asks.</summary>
    private FoundModel? Look(string name)
    {
        var found = _found;
        if (found.Changed.HasChanged)
        {
            _found = found = new FoundModels(configuration.GetReloadToken());
        }

        if (found.Models.TryGetValue(name, out var model) || name.Contains(':', StringComparison.Ordinal))
        {
            return model;
        }

        // Names that callers made up are not kept: there is no end to them.
        var section = SectionOf(name);
        return IsModel(section) ? found.Models.GetOrAdd(name, new FoundModel(KindOf(section))) : null;
    }

    private IModelRunner Create(string name)
    {
        var model = SectionOf(name);
        return KindOf(model)?.Create is { } create ? create(model) : throw new InvalidOperationException(ProblemOf(model));
    }

    private static bool IsModel(IConfigurationSection model) => !string.IsNullOrEmpty(model["Runner"]);

    private IConfigurationSection SectionOf(string name) => configuration.GetSection(Section).GetSection(name);

    private RunnerKind? KindOf(IConfigurationSection model) =>
        kinds.FirstOrDefault(kind => string.Equals(kind.Name, model["Runner"], StringComparison.OrdinalIgnoreCase));

    private string? ProblemOf(IConfigurationSection model) => KindOf(model) is { } kind
        ? kind.Problem?.Invoke(model)
        : $"{model.Path}:Runner is '{model["Runner"]}'; known runners are {string.Join(", ", kinds.Select(kind => kind.Name))}.";

    /// <param name="Kind">Null if its runner is not known.</param>
    private sealed record FoundModel(RunnerKind? Kind);

    private sealed record FoundModels(IChangeToken Changed)
    {
        public ConcurrentDictionary<string, FoundModel> Models { get; } = new(StringComparer.OrdinalIgnoreCase);
    }
}
