using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary><c>extensions.durableTask</c> of host.json.</summary>
internal sealed record DurableTaskHostOptions
{
    public string HubName { get; init; } = "TestHubName";

    /// <summary>Activities side by side in this process.</summary>
    public int MaxConcurrentActivityFunctions { get; init; } = EngineOptions.DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    /// <summary>Orchestrators replaying side by side in this process.</summary>
    public int MaxConcurrentOrchestratorFunctions { get; init; } = EngineOptions.DefaultFunctionsPerProcessor * Environment.ProcessorCount;

    public static DurableTaskHostOptions Read(SettingsSection section)
    {
        var defaults = new DurableTaskHostOptions();
        var options = new DurableTaskHostOptions
        {
            HubName = section.Text("hubName") ?? defaults.HubName,
            MaxConcurrentActivityFunctions =
                section.Integer("maxConcurrentActivityFunctions", defaults.MaxConcurrentActivityFunctions, min: 1),
            MaxConcurrentOrchestratorFunctions =
                section.Integer("maxConcurrentOrchestratorFunctions", defaults.MaxConcurrentOrchestratorFunctions, min: 1),
        };
        section.RejectUnknown(
            "appLeaseOptions", "defaultVersion", "entityMessageReorderWindowInMinutes", "extendedSessionIdleTimeoutInSeconds",
            "extendedSessionsEnabled", "grpcHttpClientTimeout", "httpSettings", "localRpcEndpointEnabled",
            "maxConcurrentEntityFunctions", "maxEntityOperationBatchSize", "maxGrpcMessageSizeInBytes", "maxOrchestrationActions",
            "notifications", "overridableExistingInstanceStates", "storageProvider", "storeInputsInOrchestrationHistory", "tracing",
            "useAppLease", "useGracefulShutdown", "versionFailureStrategy", "versionMatchStrategy");
        return options;
    }
}
