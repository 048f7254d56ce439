using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;
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
    LocalRuntimeOptions options,
    TimeProvider time,
    ServiceBusListenerLog log) : TriggerListener
{
    protected override async Task ListenAsync(CancellationToken stop)
    {
        var clients = new Dictionary<string, ServiceBusClient>(StringComparer.OrdinalIgnoreCase);
        try
        {
            await Task.WhenAll(catalog.With<ServiceBusTrigger>()
                .Select(f => CreatePump(f.Function, f.Trigger, ClientFor(f.Trigger.Connection, clients), stop))
                .Select(pump => Task.Run(() => pump.RunAsync(stop), CancellationToken.None)));
        }
        finally
        {
            foreach (var client in clients.Values)
            {
                await client.DisposeAsync();
            }
        }
    }

    private ServiceBusClient ClientFor(string connection, Dictionary<string, ServiceBusClient> clients)
    {
        if (!clients.TryGetValue(connection, out var client))
        {
            // In Azure it is the host that settles: a function's own transaction does not reach it.
            client = new ServiceBusClient(configuration[connection]!, new ServiceBusClientOptions { StaysOutOfTransactions = true });
            clients.Add(connection, client);
        }

        return client;
    }

    private IMessagePump CreatePump(Function function, ServiceBusTrigger trigger, ServiceBusClient client, CancellationToken stop)
    {
        var dispatcher = new MessageDispatcher(function, trigger.AutoComplete, invoker, log, stop);
        var context = new PumpContext(function, trigger, client, dispatcher, host.ServiceBus, options.DeliveryDelay, time, log);
        return trigger switch
        {
            { UsesSessions: true } => new SessionPump(context),
            { IsBatched: true } => new BatchPump(context),
            _ => new QueuePump(context),
        };
    }
}
