using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// The running brokers of this process by the host name of their namespace: a client finds its broker by the host in its
/// connection string, as it would find the service by DNS.
/// </summary>
internal static class BrokerDirectory
{
    private static readonly ConcurrentDictionary<string, MessageBroker> Brokers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes a broker reachable until the returned registration is disposed.</summary>
    /// <exception cref="InvalidOperationException">The host is taken.</exception>
    public static IDisposable Register(string host, MessageBroker broker) => Brokers.TryAdd(host, broker)
        ? new Registration(host, broker)
        : throw new InvalidOperationException($"A broker is already registered for the Service Bus namespace '{host}' in this process.");

    /// <summary>The broker of a namespace.</summary>
    /// <exception cref="ServiceBusException">No broker runs under that name (ServiceCommunicationProblem).</exception>
    public static MessageBroker Find(string host) => Brokers.TryGetValue(host, out var broker)
        ? broker
        : throw new ServiceBusException(
            $"No Service Bus namespace '{host}' runs in this process. Start the local runtime before sending or receiving, " +
            "and use the connection string that it gives; to reach a namespace in Azure, build with FunctionsRuntime=Azure.",
            ServiceBusFailureReason.ServiceCommunicationProblem);

    private sealed record Registration(string Host, MessageBroker Broker) : IDisposable
    {
        public void Dispose() => Brokers.TryRemove(KeyValuePair.Create(Host, Broker));
    }
}
