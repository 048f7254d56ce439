namespace ModelJobs.LocalRuntime.Hosting;

/// <summary><c>extensions.durableTask</c> of host.json.</summary>
internal sealed record DurableTaskHostOptions
{
    /// <summary>Activities side by side in this process.</summary>
    public int MaxConcurrentActivityFunctions { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Orchestrators replaying side by side in this process.</summary>
    public int MaxConcurrentOrchestratorFunctions { get; init; } = 10 * Environment.ProcessorCount;

    public static DurableTaskHostOptions Read(SettingsSection section)
    {
        var defaults = new DurableTaskHostOptions();
        var options = new DurableTaskHostOptions
        {
            MaxConcurrentActivityFunctions =
                section.Integer("maxConcurrentActivityFunctions", defaults.MaxConcurrentActivityFunctions, min: 1),
            MaxConcurrentOrchestratorFunctions =
                section.Integer("maxConcurrentOrchestratorFunctions", defaults.MaxConcurrentOrchestratorFunctions, min: 1),
        };
        section.RejectUnknown(
            "appLeaseOptions", "defaultVersion", "entityMessageReorderWindowInMinutes", "extendedSessionIdleTimeoutInSeconds",
            "extendedSessionsEnabled", "grpcHttpClientTimeout", "httpSettings", "hubName", "localRpcEndpointEnabled",
            "maxConcurrentEntityFunctions", "maxEntityOperationBatchSize", "maxGrpcMessageSizeInBytes", "maxOrchestrationActions",
            "notifications", "overridableExistingInstanceStates", "storageProvider", "storeInputsInOrchestrationHistory", "tracing",
            "useAppLease", "useGracefulShutdown", "versionFailureStrategy", "versionMatchStrategy");
        return options;
    }
}
