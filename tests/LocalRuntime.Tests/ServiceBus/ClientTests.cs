using Azure.Core;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class ClientTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "Chunks" }, new QueueDefinition { Name = "sessions", RequiresSession = true });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task Client_WithCredential_FindsItsBrokerByHost()
    {
        var credential = DelegatedTokenCredential.Create((_, _) => new AccessToken("token", DateTimeOffset.MaxValue));
        await using var client = new ServiceBusClient(_ns.Host.ToUpperInvariant(), credential);

        await client.CreateSender("Chunks").SendMessageAsync(new ServiceBusMessage("a"), Cancel);

        Assert.Equal(1, _ns.Count("Chunks").Active);
    }

    [Fact]
    public async Task Client_OfUnknownHost_SaysWhatToDoOnFirstUse()
    {
        await using var client = new ServiceBusClient("Endpoint=sb://nowhere.servicebus.localhost;SharedAccessKey=k=");
        await using var sender = client.CreateSender("chunks");

        var exception = await Waits.RefusesAsync(
            ServiceBusFailureReason.ServiceCommunicationProblem, () => sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel));

        Assert.Contains("nowhere.servicebus.localhost", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Start the local runtime", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_OfUnknownQueue_NamesTheQueuesThereAre()
    {
        await using var receiver = _ns.Client.CreateReceiver("chunk");

        var exception = await Waits.RefusesAsync(
            ServiceBusFailureReason.MessagingEntityNotFound, () => receiver.ReceiveMessageAsync(null, Cancel));

        Assert.Equal("chunk", exception.EntityPath);
        Assert.Contains("Chunks", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueueNames_InAnotherCase_AreTheSameQueue()
    {
        await _ns.SendAsync("CHUNKS", "a");

        Assert.Equal(1, _ns.Count("chunks").Active);
    }

    [Fact]
    public async Task Broker_Disposed_FailsWaitingAndLaterReceives()
    {
        await using var receiver = _ns.Client.CreateReceiver("chunks");
        var receiving = receiver.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);

        _ns.Broker.Dispose();

        await Waits.RefusesAsync(ServiceBusFailureReason.ServiceCommunicationProblem, () => receiving);
        await Waits.RefusesAsync(ServiceBusFailureReason.ServiceCommunicationProblem, () => receiver.ReceiveMessageAsync(null, Cancel));
    }

    [Fact]
    public async Task Client_Disposed_EndsItsWaitsAndLetsGoOfItsSessions()
    {
        var client = new ServiceBusClient(_ns.ConnectionString);
        var receiving = client.CreateReceiver("chunks").ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);
        var session = await client.AcceptSessionAsync("sessions", "s", cancellationToken: Cancel);
        var accepting = client.AcceptNextSessionAsync("sessions", cancellationToken: Cancel);

        await client.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.Soon());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting.Soon());
        Assert.True(session.IsClosed);
        await session.DisposeAsync();
        await using var next = await _ns.Client.AcceptSessionAsync("sessions", "s", cancellationToken: Cancel);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.AcceptSessionAsync("sessions", "t", cancellationToken: Cancel));
    }

    [Fact]
    public async Task SessionReceiver_OfADisposedBroker_ClosesQuietly()
    {
        var session = await _ns.Client.AcceptSessionAsync("sessions", "s", cancellationToken: Cancel);

        _ns.Broker.Dispose();
        await session.DisposeAsync();

        Assert.True(session.IsClosed);
    }

    [Fact]
    public void Register_SameHostTwice_IsRefusedUntilTheFirstIsGone()
    {
        using var broker = new MessageBroker([], _ns.Time, new Random(1));
        Assert.Throws<InvalidOperationException>(() => BrokerDirectory.Register(_ns.Host, broker));

        BrokerDirectory.Register("twice.servicebus.localhost", broker).Dispose();
        using var again = BrokerDirectory.Register("twice.servicebus.localhost", broker);

        Assert.Same(broker, BrokerDirectory.Find("twice.servicebus.localhost"));
    }

    [Fact]
    public void Parse_ConnectionString_ReadsItsParts()
    {
        var properties = ServiceBusConnectionStringProperties.Parse(
            "Endpoint=sb://ns.servicebus.localhost/; SharedAccessKeyName=name ;SharedAccessKey=a2V5PQ==;EntityPath=chunks;Other=1");

        Assert.Equal("ns.servicebus.localhost", properties.FullyQualifiedNamespace);
        Assert.Equal("name", properties.SharedAccessKeyName);
        Assert.Equal("a2V5PQ==", properties.SharedAccessKey);
        Assert.Equal("chunks", properties.EntityPath);
    }

    [Theory]
    [InlineData("Endpoint")]
    [InlineData("Endpoint=https://ns.servicebus.localhost")]
    [InlineData("=x")]
    public void Parse_NotAConnectionString_IsRefused(string text)
        => Assert.Throws<FormatException>(() => ServiceBusConnectionStringProperties.Parse(text));

    [Fact]
    public void Client_WithoutEndpoint_IsRefused()
        => Assert.Throws<ArgumentException>(() => new ServiceBusClient("SharedAccessKeyName=name"));

    [Fact]
    public void ModelFactory_MakesAMessageWithWhatIsGiven()
    {
        var token = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        var message = ServiceBusModelFactory.ServiceBusReceivedMessage(
            BinaryData.FromString("body"),
            messageId: "m",
            sessionId: "s",
            properties: new Dictionary<string, object> { ["DeadLetterReason"] = "why" },
            lockTokenGuid: token,
            deliveryCount: 3,
            sequenceNumber: 9);

        Assert.Equal("body", message.Body.ToString());
        Assert.Equal(("m", "s", 3, 9L), (message.MessageId, message.SessionId, message.DeliveryCount, message.SequenceNumber));
        Assert.Equal((token.ToString(), "why"), (message.LockToken, message.DeadLetterReason));
    }
}
