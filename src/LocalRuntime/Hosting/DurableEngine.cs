using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Worker.Durable;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Starts and stops the durable engine with the app.</summary>
internal sealed class DurableEngine(OrchestrationEngine engine) : IHostedService
{
    public static void AddTo(IServiceCollection services, int seed)
    {
        services.AddSingleton<DataConverter>(JsonDataConverter.Default);
        services.AddSingleton<ITaskInvoker, FunctionTaskInvoker>();
        services.AddSingleton(provider =>
        {
            var limits = provider.GetRequiredService<HostJson>().DurableTask;
            var options = new EngineOptions
            {
                MaxConcurrentActivityFunctions = limits.MaxConcurrentActivityFunctions,
                MaxConcurrentOrchestratorFunctions = limits.MaxConcurrentOrchestratorFunctions,
                StopTimeout = provider.GetRequiredService<LocalRuntimeOptions>().StopTimeout,
                Seed = seed,
            };
            return new OrchestrationEngine(
                options, provider.GetRequiredService<ITaskInvoker>(), provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<DataConverter>());
        });
        services.AddSingleton(static provider => provider.GetRequiredService<OrchestrationEngine>().Client);
        services.AddHostedService<DurableEngine>();
    }

    public Task StartAsync(CancellationToken cancellationToken) => engine.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => engine.StopAsync(cancellationToken);
}
