using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Connections;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Tests.Support.Blobs;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>One life of the whole app on a simulated clock: blobs and connections are in memory, so that nothing waits on real time.</summary>
internal sealed class SimulatedApp : ICrash, IAsyncDisposable
{
    private readonly RecordingRunner _recorded;
    private readonly RecordingRunner _mended;
    private readonly IHost _host;
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SimulatedApp(World world, FaultPlan? plan)
    {
        var transport = new MemoryTransport();
        var builder = ModelJobsApp.CreateBuilder([.. Settings(world, plan).Select(setting => "--" + setting)]);
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(world.LossWatch);
        if (world.Log is { } log)
        {
            builder.Logging.AddProvider(log);
        }

        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(world.Time));
        builder.Services.AddSingleton<IConnectionListenerFactory>(transport);
        builder.Services.AddSingleton<ICrash>(this);
        builder.Services.Replace(ServiceDescriptor.Singleton(provider => ClientOf(world.Blobs, provider.GetService<FaultInjector>())));
        (_recorded, _mended) = world.BeginLife(() => Faults);
        builder.Services.AddSingleton(new RunnerKind("recorded", _ => _recorded));
        builder.Services.AddSingleton(new RunnerKind("mended", _ => _mended));
        _host = builder.Build();
        Faults = _host.Services.GetService<FaultInjector>();
        Handler = transport.CreateHandler();
    }

    /// <summary>The faults that struck; null if none are injected.</summary>
    public FaultInjector? Faults { get; }

    public IServiceProvider Services => _host.Services;

    public DurableTaskClient Durable => _host.Services.GetRequiredService<DurableTaskClient>();

    /// <summary>Whether its state is being written to disk, by a thread of its own.</summary>
    public bool IsWriting => !_host.Services.GetRequiredService<OrchestrationEngine>().Written.IsCompleted
        || _host.Services.GetRequiredService<MessageBroker>().Queues.Any(queue => !queue.Written.IsCompleted);

    /// <summary>Ends when the app crashes.</summary>
    public Task Crashed => _crashed.Task;

    private HttpMessageHandler Handler { get; }

    /// <summary>Begins a life on what the world holds.</summary>
    public static async Task<SimulatedApp> StartAsync(World world, FaultPlan? plan)
    {
        var app = new SimulatedApp(world, plan);
        await app._host.StartAsync();
        return app;
    }

    /// <summary>The app as a caller and the checks of invariants see it; it must not be disposed.</summary>
    public LocalApp View() => new(_host, _recorded, _mended, new RepeatingHandler(Handler));

    void ICrash.Crash(CrashPoint point) => _crashed.TrySetResult();

    /// <summary>Ends the life. After a crash nobody is asked to stop: what still runs waits forever at its next step outside.</summary>
    public async ValueTask DisposeAsync()
    {
        Handler.Dispose();
        await _host.StopAsync(new CancellationToken(canceled: Crashed.IsCompleted));
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    private static BlobServiceClient ClientOf(InMemoryBlobService blobs, FaultInjector? faults)
        => blobs.CreateClient(faults is null ? null : new BlobFaults(faults) { InnerHandler = blobs });

    private static IEnumerable<string> Settings(World world, FaultPlan? plan)
    {
        yield return "LocalRuntime:HttpPort=0";
        yield return "LocalRuntime:Azurite=None";
        yield return "LocalRuntime:Seed=1";
        yield return world.Folder is { } folder ? $"LocalRuntime:DataFolder={folder}" : "LocalRuntime:State=Memory";
        yield return "Jobs:Seed=1";
        yield return "Models:recorded:Runner=recorded";
        yield return "Models:mended:Runner=mended";
        if (plan is not null)
        {
            yield return $"LocalRuntime:Faults={plan}";
        }

        foreach (var setting in world.Settings)
        {
            yield return setting;
        }
    }
}
