using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class SettleTests : IAsyncDisposable
{
    private static readonly TimeSpan LockDuration = TimeSpan.FromMinutes(1);

    private readonly LocalNamespace _ns = new(new QueueDefinition { Name = "q", LockDuration = LockDuration, MaxDeliveryCount = 3 });
    private readonly ServiceBusReceiver _receiver;

    public SettleTests() => _receiver = _ns.Client.CreateReceiver("q");

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task Complete_Twice_LosesTheLockAtTheSecond()
    {
        var message = await SendAndReceiveAsync("a");
        await _receiver.CompleteMessageAsync(message, Cancel);

        await Waits.RefusesAsync(ServiceBusFailureReason.MessageLockLost, () => _receiver.CompleteMessageAsync(message, Cancel));

        Assert.Equal(0, _ns.Count("q").Active);
    }

    [Fact]
    public async Task LockExpiry_RedeliversToAWaitingReceiverAndCounts()
    {
        var message = await SendAndReceiveAsync("a");
        Assert.Equal(1, message.DeliveryCount);
        var redelivery = _receiver.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);

        _ns.Time.Advance(LockDuration - TimeSpan.FromMilliseconds(1));
        Assert.False(redelivery.IsCompleted);
        _ns.Time.Advance(TimeSpan.FromMilliseconds(1));
        var again = (await redelivery.Soon())!;

        Assert.Equal((message.SequenceNumber, 2), (again.SequenceNumber, again.DeliveryCount));
        Assert.NotEqual(message.LockToken, again.LockToken);
        await Waits.RefusesAsync(ServiceBusFailureReason.MessageLockLost, () => _receiver.CompleteMessageAsync(message, Cancel));
        await _receiver.CompleteMessageAsync(again, Cancel);
    }

    [Fact]
    public async Task RenewMessageLock_BeforeExpiry_KeepsTheLockForItsDurationFromNow()
    {
        var message = await SendAndReceiveAsync("a");
        _ns.Time.Advance(TimeSpan.FromSeconds(50));

        await _receiver.RenewMessageLockAsync(message, Cancel);

        Assert.Equal(_ns.Time.GetUtcNow() + LockDuration, message.LockedUntil);
        _ns.Time.Advance(LockDuration - TimeSpan.FromMilliseconds(1));
        await _receiver.CompleteMessageAsync(message, Cancel);
    }

    [Fact]
    public async Task RenewMessageLock_AfterExpiry_IsLost()
    {
        var message = await SendAndReceiveAsync("a");
        _ns.Time.Advance(LockDuration);

        await Waits.RefusesAsync(ServiceBusFailureReason.MessageLockLost, () => _receiver.RenewMessageLockAsync(message, Cancel));
    }

    [Fact]
    public async Task Abandon_GivesTheMessageBackToItsPlaceWithItsChanges()
    {
        await _ns.SendAsync("q", "a", "b", "c");
        var held = await _receiver.ReceiveMessagesAsync(2, null, Cancel);

        await _receiver.AbandonMessageAsync(held[1], new Dictionary<string, object> { ["why"] = "later" }, Cancel);
        await _receiver.AbandonMessageAsync(held[0], cancellationToken: Cancel);

        var again = await _receiver.TakeAsync(_ns);
        Assert.Equal(["a", "b", "c"], again.Bodies());
        Assert.Equal([2, 2, 1], again.Select(message => message.DeliveryCount));
        Assert.Equal("later", again[1].ApplicationProperties["why"]);
    }

    [Fact]
    public async Task Abandon_MaxDeliveryCountTimes_DeadLettersWithTheReason()
    {
        await _ns.SendAsync("q", "poison");
        for (var delivery = 1; delivery <= 3; delivery++)
        {
            var message = Assert.Single(await _receiver.TakeAsync(_ns));
            Assert.Equal(delivery, message.DeliveryCount);
            await _receiver.AbandonMessageAsync(message, cancellationToken: Cancel);
        }

        Assert.Empty(await _receiver.TakeAsync(_ns));
        var dead = await TakeDeadAsync();
        Assert.Equal("poison", dead.Body.ToString());
        Assert.Equal("MaxDeliveryCountExceeded", dead.DeadLetterReason);
        Assert.Contains("3 deliveries", dead.DeadLetterErrorDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LockExpiry_MaxDeliveryCountTimes_DeadLettersWithoutAnyoneReceiving()
    {
        await _ns.SendAsync("q", "poison");
        for (var delivery = 1; delivery <= 3; delivery++)
        {
            Assert.Single(await _receiver.TakeAsync(_ns));
            _ns.Time.Advance(LockDuration);
        }

        Assert.Equal(new QueueCounts(Active: 0, Scheduled: 0, Deferred: 0, DeadLetter: 1), _ns.Count("q"));
    }

    [Fact]
    public async Task DeadLetter_WithReason_MovesTheMessageAndWakesItsReceiver()
    {
        await using var deadLetters = _ns.Client.CreateReceiver("q/$deadletterqueue");
        var receivingDead = deadLetters.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);
        var message = await SendAndReceiveAsync("a");

        await _receiver.DeadLetterMessageAsync(
            message, new Dictionary<string, object> { ["stage"] = 2 }, "BadInput", "line 7", Cancel);

        var dead = (await receivingDead.Soon())!;
        Assert.Equal(message.SequenceNumber, dead.SequenceNumber);
        Assert.Equal(("BadInput", "line 7"), (dead.DeadLetterReason, dead.DeadLetterErrorDescription));
        Assert.Equal(2, dead.ApplicationProperties["stage"]);
        await deadLetters.CompleteMessageAsync(dead, Cancel);
        Assert.Equal(new QueueCounts(0, 0, 0, 0), _ns.Count("q"));
    }

    [Fact]
    public async Task DeadLetters_AbandonedForever_StayDeadLetters()
    {
        var message = await SendAndReceiveAsync("a");
        await _receiver.DeadLetterMessageAsync(message, "reason", cancellationToken: Cancel);
        await using var deadLetters = _ns.Client.CreateReceiver("q", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        Assert.Equal("q/$DeadLetterQueue", deadLetters.EntityPath);

        for (var i = 0; i < 10; i++)
        {
            await deadLetters.AbandonMessageAsync(Assert.Single(await deadLetters.TakeAsync(_ns)), cancellationToken: Cancel);
        }

        Assert.Equal(1, _ns.Count("q").DeadLetter);
    }

    [Fact]
    public async Task ServiceBusMessage_FromDeadLetter_CanBeSentAgainWithoutTheReason()
    {
        var message = await SendAndReceiveAsync("a");
        await _receiver.DeadLetterMessageAsync(message, "reason", "description", Cancel);

        var again = new ServiceBusMessage(await TakeDeadAsync());

        Assert.Equal("a", again.Body.ToString());
        Assert.Equal("a", again.MessageId);
        Assert.Empty(again.ApplicationProperties);
    }

    [Fact]
    public async Task Defer_TakesTheMessageAsideUntilItIsAskedForByNumber()
    {
        var message = await SendAndReceiveAsync("a");
        await _receiver.DeferMessageAsync(message, new Dictionary<string, object> { ["waits for"] = "b" }, Cancel);
        Assert.Empty(await _receiver.TakeAsync(_ns));
        Assert.Equal(new QueueCounts(Active: 0, Scheduled: 0, Deferred: 1, DeadLetter: 0), _ns.Count("q"));

        var deferred = await _receiver.ReceiveDeferredMessageAsync(message.SequenceNumber, Cancel);

        Assert.Equal(ServiceBusMessageState.Deferred, deferred.State);
        Assert.Equal("b", deferred.ApplicationProperties["waits for"]);
        await _receiver.CompleteMessageAsync(deferred, Cancel);
        Assert.Equal(new QueueCounts(0, 0, 0, 0), _ns.Count("q"));
    }

    [Fact]
    public async Task ReceiveDeferredMessages_LockedOrUnknown_AreNotFoundAndTakeNone()
    {
        await _ns.SendAsync("q", "a", "b");
        foreach (var message in await _receiver.TakeAsync(_ns))
        {
            await _receiver.DeferMessageAsync(message, cancellationToken: Cancel);
        }

        await Waits.RefusesAsync(ServiceBusFailureReason.MessageNotFound, () => _receiver.ReceiveDeferredMessagesAsync([1, 99], Cancel));
        Assert.Equal(["a", "b"], (await _receiver.ReceiveDeferredMessagesAsync([1, 2], Cancel)).Bodies());
        await Waits.RefusesAsync(ServiceBusFailureReason.MessageNotFound, () => _receiver.ReceiveDeferredMessagesAsync([1], Cancel));
    }

    [Fact]
    public async Task Deferred_AfterLockExpiry_IsStillDeferred()
    {
        var message = await SendAndReceiveAsync("a");
        await _receiver.DeferMessageAsync(message, cancellationToken: Cancel);
        await _receiver.ReceiveDeferredMessageAsync(message.SequenceNumber, Cancel);

        _ns.Time.Advance(LockDuration);

        Assert.Equal(1, _ns.Count("q").Deferred);
        var again = await _receiver.ReceiveDeferredMessageAsync(message.SequenceNumber, Cancel);
        Assert.Equal(2, again.DeliveryCount);
    }

    private async Task<ServiceBusReceivedMessage> SendAndReceiveAsync(string body)
    {
        await _ns.SendAsync("q", body);
        return (await _receiver.ReceiveMessageAsync(cancellationToken: Cancel).Soon())!;
    }

    private async Task<ServiceBusReceivedMessage> TakeDeadAsync()
    {
        await using var receiver = _ns.Client.CreateReceiver("q", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        return Assert.Single(await receiver.TakeAsync(_ns));
    }
}
