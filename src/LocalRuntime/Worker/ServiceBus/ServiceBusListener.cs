using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>Runs a pump for every function with a Service Bus trigger, through the same client API that the app uses.</summary>
internal sealed class ServiceBusListener(
    FunctionCatalog catalog,
    FunctionInvoker invoker,
    IConfiguration configuration,
    HostJson host,
    TimeProvider time,
    ServiceBusListenerLog log) : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, ServiceBusClient> _clients = new(StringComparer.OrdinalIgnoreCase);
    private Task _pumps = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _pumps = Task.WhenAll(catalog.With<ServiceBusTrigger>()
            .Select(function => CreatePump(function.Function, function.Trigger))
            .ToArray()
            .Select(pump => Task.Run(() => pump.RunAsync(_stop.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    /// <summary>Receives no more, cancels the invocations and waits for them. Messages of those that do not end in time stay locked.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _pumps.WaitAsync(cancellationToken).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            await client.DisposeAsync();
        }

        _stop.Dispose();
    }

    private IMessagePump CreatePump(Function function, ServiceBusTrigger trigger)
    {
        var dispatcher = new MessageDispatcher(function, trigger.AutoComplete, invoker, log, _stop.Token);
        var context = new PumpContext(function, trigger, ClientFor(trigger.Connection), dispatcher, host.ServiceBus, time, log);
        return trigger switch
        {
            { UsesSessions: true } => new SessionPump(context),
            { IsBatched: true } => new BatchPump(context),
            _ => new QueuePump(context),
        };
    }

    private ServiceBusClient ClientFor(string connection)
    {
        if (!_clients.TryGetValue(connection, out var client))
        {
            client = new ServiceBusClient(configuration[connection]!);
            _clients.Add(connection, client);
        }

        return client;
    }
}
