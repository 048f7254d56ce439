using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

/// <summary>A namespace with its own broker and clock, reached as an application reaches it: by connection string.</summary>
public sealed class LocalNamespace : IAsyncDisposable
{
    private static int _namespaces;

    private readonly IDisposable _registration;

    internal LocalNamespace(params QueueDefinition[] queues)
    {
        Host = $"test-{Interlocked.Increment(ref _namespaces)}.servicebus.localhost";
        Broker = new MessageBroker(queues, Time, new Random(1));
        _registration = BrokerDirectory.Register(Host, Broker);
        Client = new ServiceBusClient(ConnectionString);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public string Host { get; }

    public string ConnectionString => $"Endpoint=sb://{Host};SharedAccessKeyName=local;SharedAccessKey=bG9jYWw=";

    public ServiceBusClient Client { get; }

    internal MessageBroker Broker { get; }

    /// <summary>Sends messages with the given bodies, which are their ids too.</summary>
    public async Task SendAsync(string queue, params string[] bodies)
    {
        await using var sender = Client.CreateSender(queue);
        await sender.SendMessagesAsync(bodies.Select(body => new ServiceBusMessage(body) { MessageId = body }), Cancel);
    }

    /// <summary>Sends messages of one session.</summary>
    public async Task SendToSessionAsync(string queue, string session, params string[] bodies)
    {
        await using var sender = Client.CreateSender(queue);
        await sender.SendMessagesAsync(
            bodies.Select(body => new ServiceBusMessage(body) { MessageId = $"{session}/{body}", SessionId = session }), Cancel);
    }

    /// <summary>How many messages a queue holds, by state.</summary>
    internal QueueCounts Count(string queue) => Broker.Find(queue).Counts;

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _registration.Dispose();
        Broker.Dispose();
    }
}
