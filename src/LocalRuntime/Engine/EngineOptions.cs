namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Limits and rules of the engine; most are settings of the same name in host.json.</summary>
internal sealed record EngineOptions
{
    /// <summary>The host's default for both kinds of functions, per processor.</summary>
    public const int DefaultFunctionsPerProcessor = 10;

    public int MaxConcurrentActivityFunctions { get; init; } = DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    public int MaxConcurrentOrchestratorFunctions { get; init; } = DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    /// <summary>Whether histories keep the inputs of activities and sub-orchestrations, for people to see.</summary>
    public bool StoreInputsInOrchestrationHistory { get; init; }

    /// <summary>Whether an id can be taken from an instance that runs; if not, only from one that has ended.</summary>
    public bool CanReplaceRunningInstances { get; init; }

    /// <summary>Version of orchestrations that are started without one; empty for none.</summary>
    public string DefaultVersion { get; init; } = "";

    /// <summary>Which versions of orchestrations this app runs; asked only if there is a default version.</summary>
    public VersionMatchStrategy VersionMatchStrategy { get; init; } = VersionMatchStrategy.CurrentOrOlder;

    public VersionFailureStrategy VersionFailureStrategy { get; init; }

    /// <summary>How long <see cref="OrchestrationEngine.StopAsync"/> waits for activities that were told to stop.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Seed of the instance ids that are not given.</summary>
    public int Seed { get; init; }

    /// <summary>Name of the task hub, which is the client's name too.</summary>
    public string HubName { get; init; } = "TestHubName";
}
