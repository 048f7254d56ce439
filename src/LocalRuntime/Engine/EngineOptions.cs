namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Limits of the engine; the first two are the settings of the same name in host.json.</summary>
internal sealed record EngineOptions
{
    /// <summary>The host's default for both kinds of functions, per processor.</summary>
    public const int DefaultFunctionsPerProcessor = 10;

    public int MaxConcurrentActivityFunctions { get; init; } = DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    public int MaxConcurrentOrchestratorFunctions { get; init; } = DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    /// <summary>How long <see cref="OrchestrationEngine.StopAsync"/> waits for activities that were told to stop.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Seed of the instance ids that are not given.</summary>
    public int Seed { get; init; }

    /// <summary>Name of the task hub, which is the client's name too.</summary>
    public string HubName { get; init; } = "TestHubName";
}
