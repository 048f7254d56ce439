using System.Runtime.Serialization;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class SendTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "plain" },
        new QueueDefinition { Name = "sessions", RequiresSession = true },
        new QueueDefinition { Name = "small", MaxSizeInBytes = 1000 });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task SendMessage_WithAllProperties_ArrivesWithThem()
    {
        var now = _ns.Time.GetUtcNow();
        await using var sender = _ns.Client.CreateSender("plain");
        await sender.SendMessageAsync(
            new ServiceBusMessage("body")
            {
                MessageId = "m",
                SessionId = "s",
                PartitionKey = "s",
                CorrelationId = "c",
                Subject = "subject",
                To = "to",
                ReplyTo = "replies",
                ReplyToSessionId = "rs",
                ContentType = "text/plain",
                TimeToLive = TimeSpan.FromHours(1),
                ApplicationProperties = { ["number"] = 7, ["text"] = "seven" },
            },
            Cancel);

        await using var receiver = _ns.Client.CreateReceiver("plain");
        var message = Assert.Single(await receiver.TakeAsync(_ns));

        Assert.Equal("body", message.Body.ToString());
        Assert.Equal("m", message.MessageId);
        Assert.Equal("s", message.SessionId);
        Assert.Equal("s", message.PartitionKey);
        Assert.Equal("c", message.CorrelationId);
        Assert.Equal("subject", message.Subject);
        Assert.Equal("to", message.To);
        Assert.Equal("replies", message.ReplyTo);
        Assert.Equal("rs", message.ReplyToSessionId);
        Assert.Equal("text/plain", message.ContentType);
        Assert.Equal(TimeSpan.FromHours(1), message.TimeToLive);
        Assert.Equal(7, message.ApplicationProperties["number"]);
        Assert.Equal("seven", message.ApplicationProperties["text"]);
        Assert.Equal(1, message.SequenceNumber);
        Assert.Equal(1, message.DeliveryCount);
        Assert.Equal(now, message.EnqueuedTime);
        Assert.Equal(now + TimeSpan.FromHours(1), message.ExpiresAt);
        Assert.Equal(now + TimeSpan.FromMinutes(1), message.LockedUntil);
        Assert.NotEqual(Guid.Empty, Guid.Parse(message.LockToken));
        Assert.Equal(ServiceBusMessageState.Active, message.State);
    }

    [Fact]
    public async Task SendMessage_ChangedAfterSending_ArrivesAsItWas()
    {
        var body = "before"u8.ToArray();
        var message = new ServiceBusMessage(body) { ApplicationProperties = { ["p"] = "before" } };
        await using var sender = _ns.Client.CreateSender("plain");
        await sender.SendMessageAsync(message, Cancel);
        body[0] = (byte)'X';
        message.ApplicationProperties["p"] = "after";

        await using var receiver = _ns.Client.CreateReceiver("plain");
        var received = Assert.Single(await receiver.TakeAsync(_ns));

        Assert.Equal("before", received.Body.ToString());
        Assert.Equal("before", received.ApplicationProperties["p"]);
    }

    [Fact]
    public async Task SendMessage_WithoutId_GetsOne()
    {
        await using var sender = _ns.Client.CreateSender("plain");
        await sender.SendMessagesAsync([new ServiceBusMessage("a"), new ServiceBusMessage("b")], Cancel);

        await using var receiver = _ns.Client.CreateReceiver("plain");
        var ids = (await receiver.TakeAsync(_ns)).Select(message => message.MessageId).ToList();

        Assert.All(ids, Assert.NotEmpty);
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task SendMessage_AtTheSizeLimit_CountsHeaders(int bytesOver, bool fits)
    {
        var headerBytes = new ServiceBusMessage() { MessageId = "m" }.ToContent().HeaderBytes;
        var message = new ServiceBusMessage(new byte[BrokerLimits.MaxMessageBytes - headerBytes + bytesOver]) { MessageId = "m" };
        await using var sender = _ns.Client.CreateSender("plain");

        if (fits)
        {
            await sender.SendMessageAsync(message, Cancel);
        }
        else
        {
            await Waits.RefusesAsync(ServiceBusFailureReason.MessageSizeExceeded, () => sender.SendMessageAsync(message, Cancel));
        }

        Assert.Equal(fits ? 1 : 0, _ns.Count("plain").Active);
    }

    [Fact]
    public async Task SendMessages_TooLargeTogether_EnqueuesNone()
    {
        await using var sender = _ns.Client.CreateSender("plain");
        var half = new byte[BrokerLimits.MaxMessageBytes / 2];

        await Waits.RefusesAsync(
            ServiceBusFailureReason.MessageSizeExceeded,
            () => sender.SendMessagesAsync([new ServiceBusMessage(half), new ServiceBusMessage(half)], Cancel));

        Assert.Equal(0, _ns.Count("plain").Active);
    }

    [Fact]
    public async Task SendMessages_OneWithoutSession_EnqueuesNone()
    {
        await using var sender = _ns.Client.CreateSender("sessions");

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => sender.SendMessagesAsync([new ServiceBusMessage("a") { SessionId = "s" }, new ServiceBusMessage("b")], Cancel));

        Assert.Equal(0, _ns.Count("sessions").Active);
    }

    [Fact]
    public async Task SendMessage_ToFullQueue_IsRefusedUntilThereIsRoom()
    {
        await using var sender = _ns.Client.CreateSender("small");
        await sender.SendMessageAsync(new ServiceBusMessage(new byte[800]), Cancel);
        await Waits.RefusesAsync(
            ServiceBusFailureReason.QuotaExceeded, () => sender.SendMessageAsync(new ServiceBusMessage(new byte[800]), Cancel));

        await using var receiver = _ns.Client.CreateReceiver("small");
        await receiver.CompleteMessageAsync((await receiver.TakeAsync(_ns))[0], Cancel);
        await sender.SendMessageAsync(new ServiceBusMessage(new byte[800]), Cancel);

        Assert.Equal(1, _ns.Count("small").Active);
    }

    [Fact]
    public async Task TryAddMessage_UntilFull_MakesABatchThatCanBeSent()
    {
        await using var sender = _ns.Client.CreateSender("plain");
        using var batch = await sender.CreateMessageBatchAsync(Cancel);
        while (batch.TryAddMessage(new ServiceBusMessage(new byte[1000])))
        {
        }

        Assert.Equal(BrokerLimits.MaxMessageBytes, batch.MaxSizeInBytes);
        Assert.InRange(batch.SizeInBytes, batch.MaxSizeInBytes - 1100, batch.MaxSizeInBytes);
        await sender.SendMessagesAsync(batch, Cancel);
        Assert.Equal(batch.Count, _ns.Count("plain").Active);
    }

    [Fact]
    public async Task TryAddMessage_OverGivenSize_LeavesTheBatchAsItWas()
    {
        await using var sender = _ns.Client.CreateSender("plain");
        using var batch = await sender.CreateMessageBatchAsync(new CreateMessageBatchOptions { MaxSizeInBytes = 500 }, Cancel);
        Assert.True(batch.TryAddMessage(new ServiceBusMessage(new byte[100])));
        var size = batch.SizeInBytes;

        Assert.False(batch.TryAddMessage(new ServiceBusMessage(new byte[400])));

        Assert.Equal((1, size), (batch.Count, batch.SizeInBytes));
    }

    [Fact]
    public void Ids_TooLong_AreRefused()
    {
        var message = new ServiceBusMessage();
        var longest = new string('x', BrokerLimits.MaxIdLength);
        message.MessageId = message.SessionId = message.ReplyToSessionId = message.PartitionKey = longest;

        Assert.Throws<ArgumentException>(() => message.MessageId = longest + "x");
        Assert.Throws<ArgumentException>(() => message.MessageId = "");
        Assert.Throws<ArgumentOutOfRangeException>(() => message.SessionId = longest + "x");
        Assert.Throws<ArgumentOutOfRangeException>(() => message.ReplyToSessionId = longest + "x");
        Assert.Throws<ArgumentOutOfRangeException>(() => message.PartitionKey = longest + "x");
        Assert.Equal(longest, message.SessionId);
    }

    [Fact]
    public async Task SendMessage_WithPropertyOfUnknownType_IsRefused()
    {
        await using var sender = _ns.Client.CreateSender("plain");
        var message = new ServiceBusMessage("a") { ApplicationProperties = { ["list"] = new List<int>() } };

        var exception = await Assert.ThrowsAsync<SerializationException>(() => sender.SendMessageAsync(message, Cancel));

        Assert.Contains("'list'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendMessage_AfterClose_IsRefused()
    {
        var sender = _ns.Client.CreateSender("plain");
        await sender.CloseAsync(Cancel);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel));
        Assert.True(sender.IsClosed);
    }

    [Fact]
    public async Task SendMessage_ToDeadLetterQueue_IsRefused()
    {
        await using var sender = _ns.Client.CreateSender("plain/$DeadLetterQueue");

        await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel));
    }
}
