using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary><c>extensions.durableTask</c> of host.json.</summary>
internal sealed record DurableTaskHostOptions
{
    private const string AzureManaged = "azureManaged";

    /// <summary>Of an input, output or event in the Durable Task Scheduler.</summary>
    private const int AzureManagedMaxPayloadBytes = 1024 * 1024;

    public string HubName { get; init; } = "TestHubName";

    /// <summary>Activities side by side in this process.</summary>
    public int MaxConcurrentActivityFunctions { get; init; } = EngineOptions.DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    /// <summary>Orchestrators replaying side by side in this process.</summary>
    public int MaxConcurrentOrchestratorFunctions { get; init; } = EngineOptions.DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    public bool StoreInputsInOrchestrationHistory { get; init; }

    public OverridableStates OverridableExistingInstanceStates { get; init; } = OverridableStates.NonRunningStates;

    /// <summary>Empty for none.</summary>
    public string DefaultVersion { get; init; } = "";

    public VersionMatchStrategy VersionMatchStrategy { get; init; } = VersionMatchStrategy.CurrentOrOlder;

    public VersionFailureStrategy VersionFailureStrategy { get; init; }

    /// <summary>Limit of the storage provider that the app has on Azure; null if that has none.</summary>
    public int? MaxPayloadBytes { get; init; }

    public static DurableTaskHostOptions Read(SettingsSection section)
    {
        var defaults = new DurableTaskHostOptions();
        var provider = section.Section("storageProvider").Text("type");
        var options = new DurableTaskHostOptions
        {
            HubName = section.Text("hubName") ?? defaults.HubName,
            MaxConcurrentActivityFunctions =
                section.Integer("maxConcurrentActivityFunctions", defaults.MaxConcurrentActivityFunctions, min: 1),
            MaxConcurrentOrchestratorFunctions =
                section.Integer("maxConcurrentOrchestratorFunctions", defaults.MaxConcurrentOrchestratorFunctions, min: 1),
            StoreInputsInOrchestrationHistory =
                section.Boolean("storeInputsInOrchestrationHistory", defaults.StoreInputsInOrchestrationHistory),
            OverridableExistingInstanceStates =
                section.Choice("overridableExistingInstanceStates", defaults.OverridableExistingInstanceStates),
            DefaultVersion = section.Text("defaultVersion") ?? defaults.DefaultVersion,
            VersionMatchStrategy = section.Choice("versionMatchStrategy", defaults.VersionMatchStrategy),
            VersionFailureStrategy = section.Choice("versionFailureStrategy", defaults.VersionFailureStrategy),
            MaxPayloadBytes = string.Equals(provider, AzureManaged, StringComparison.OrdinalIgnoreCase) ? AzureManagedMaxPayloadBytes : null,
        };
        section.RejectUnknown(
            "appLeaseOptions", "entityMessageReorderWindowInMinutes", "extendedSessionIdleTimeoutInSeconds",
            "extendedSessionsEnabled", "grpcHttpClientTimeout", "httpSettings", "localRpcEndpointEnabled",
            "maxConcurrentEntityFunctions", "maxEntityOperationBatchSize", "maxGrpcMessageSizeInBytes", "maxOrchestrationActions",
            "notifications", "throwStatusExceptionsOnRaiseEvent", "tracing", "useAppLease", "useGracefulShutdown");
        return options;
    }
}

/// <summary>The instances whose ids new ones may take.</summary>
internal enum OverridableStates
{
    /// <summary>All.</summary>
    AnyState,

    /// <summary>Those that have ended.</summary>
    NonRunningStates,
}
