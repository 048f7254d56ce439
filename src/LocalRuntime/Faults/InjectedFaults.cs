using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Worker.Durable;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>Puts faults into an app's queues, durable engine and storage. Without it none of them knows of faults.</summary>
internal sealed partial class InjectedFaults(FaultPlan plan, ILogger<InjectedFaults> logger) : IHostedService
{
    /// <summary>Adds them after the parts that they replace.</summary>
    public static void AddTo(IServiceCollection services, FaultPlan plan)
    {
        services.AddSingleton(plan);
        services.TryAddSingleton<ICrash, ProcessCrash>();
        services.AddSingleton<FaultInjector>();
        services.AddSingleton<QueueFactory>(provider =>
        {
            var faults = provider.GetRequiredService<FaultInjector>();
            return (definition, time, random, journal) => new FaultyQueue(definition, time, random, journal, faults);
        });
        services.AddSingleton<FunctionTaskInvoker>();
        services.Replace(ServiceDescriptor.Singleton<ITaskInvoker>(provider => new FaultyActivities(
            provider.GetRequiredService<FunctionTaskInvoker>(), provider.GetRequiredService<FaultInjector>())));
        services.AddHostedService<RepeatedMessages>();
        services.AddHostedService<InjectedFaults>();
        if (plan.TouchesBlobs)
        {
            services.AddSingleton<BlobProxy>();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogPlan(plan.ToString());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Faults are injected on purpose: LocalRuntime:Faults={Plan}")]
    private partial void LogPlan(string plan);
}
