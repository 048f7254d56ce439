using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Worker.Durable;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Starts and stops the durable engine with the app.</summary>
internal sealed class DurableEngine(OrchestrationEngine engine) : IHostedService
{
    /// <param name="services">The app's services.</param>
    /// <param name="seed">Where the ids of orchestrations come from that are started without one.</param>
    /// <param name="journal">Keeps the task hub; null: it lives in memory only.</param>
    public static void AddTo(IServiceCollection services, int seed, IHubJournal? journal)
    {
        services.TryAddSingleton<DataConverter>(JsonDataConverter.Default);
        services.AddSingleton<ITaskInvoker, FunctionTaskInvoker>();
        services.AddSingleton(provider =>
        {
            var limits = provider.GetRequiredService<HostJson>().DurableTask;
            var options = new EngineOptions
            {
                MaxConcurrentActivityFunctions = limits.MaxConcurrentActivityFunctions,
                MaxConcurrentOrchestratorFunctions = limits.MaxConcurrentOrchestratorFunctions,
                StoreInputsInOrchestrationHistory = limits.StoreInputsInOrchestrationHistory,
                CanReplaceRunningInstances = limits.OverridableExistingInstanceStates == OverridableStates.AnyState,
                DefaultVersion = limits.DefaultVersion,
                VersionMatchStrategy = limits.VersionMatchStrategy,
                VersionFailureStrategy = limits.VersionFailureStrategy,
                MaxPayloadBytes = limits.MaxPayloadBytes,
                HubName = limits.HubName,
                StopTimeout = provider.GetRequiredService<LocalRuntimeOptions>().StopTimeout,
                Seed = seed,
            };
            return new OrchestrationEngine(
                options, provider.GetRequiredService<ITaskInvoker>(), provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<DataConverter>(), journal);
        });
        services.AddSingleton(static provider => provider.GetRequiredService<OrchestrationEngine>().Client);
        services.AddHostedService<DurableEngine>();
    }

    public Task StartAsync(CancellationToken cancellationToken) => engine.StartAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await engine.StopAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host's stop time-out came before the engine's; activities that still run are left behind, as the host asked.
        }
    }
}
