using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class ForwardTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "in", ForwardTo = "out" },
        new QueueDefinition
        {
            Name = "out",
            MaxDeliveryCount = 2,
            MaxSizeInBytes = 10_000,
            DefaultMessageTimeToLive = TimeSpan.FromMinutes(10),
            DeadLetteringOnMessageExpiration = true,
            ForwardDeadLetteredMessagesTo = "dead",
        },
        new QueueDefinition { Name = "dead", RequiresDuplicateDetection = true, DuplicateDetectionHistoryTimeWindow = TimeSpan.FromHours(1) },
        new QueueDefinition { Name = "to-sessions", ForwardTo = "sessions" },
        new QueueDefinition { Name = "sessions", RequiresSession = true },
        new QueueDefinition { Name = "1", ForwardTo = "2" },
        new QueueDefinition { Name = "2", ForwardTo = "3" },
        new QueueDefinition { Name = "3", ForwardTo = "4" },
        new QueueDefinition { Name = "4", ForwardTo = "5" },
        new QueueDefinition { Name = "5", ForwardTo = "6" },
        new QueueDefinition { Name = "6" });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task ForwardTo_MovesMessagesInOrderAndServesWhoWaitsThere()
    {
        await using var receiver = _ns.Client.CreateReceiver("out");
        var waiting = receiver.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);
        await _ns.SendAsync("out", "direct");
        Assert.Equal("direct", (await waiting.Soon())!.Body.ToString());
        _ns.Time.Advance(TimeSpan.FromSeconds(1));

        await _ns.SendAsync("in", "1", "2", "3");

        var messages = await receiver.TakeAsync(_ns);
        Assert.Equal(["1", "2", "3"], messages.Bodies());
        Assert.Equal([(2, 1), (3, 2), (4, 3)], messages.Select(message => (message.SequenceNumber, message.EnqueuedSequenceNumber)));
        Assert.All(messages, message => Assert.Equal((1, null), (message.DeliveryCount, message.DeadLetterSource)));
        Assert.Equal(default, _ns.Count("in"));
    }

    [Fact]
    public async Task ForwardTo_OfAScheduledMessage_WaitsForItsTime()
    {
        await using var sender = _ns.Client.CreateSender("in");
        await sender.ScheduleMessageAsync(new ServiceBusMessage("a"), _ns.Time.GetUtcNow().AddMinutes(1), Cancel);
        Assert.Equal((1, 0), (_ns.Count("in").Scheduled, _ns.Count("out").Active));

        _ns.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((0, 1), (_ns.Count("in").Scheduled, _ns.Count("out").Active));
    }

    [Fact]
    public async Task Receive_FromAQueueThatForwards_IsRefused()
    {
        await using var receiver = _ns.Client.CreateReceiver("in");
        await using var deadLetters = _ns.Client.CreateReceiver("out", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveMessageAsync(null, Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => deadLetters.ReceiveMessageAsync(null, Cancel));

        Assert.Contains("'out'", exception.Message, StringComparison.Ordinal);
        Assert.Empty(await receiver.PeekMessagesAsync(10, null, Cancel));
    }

    [Fact]
    public async Task ForwardDeadLetteredMessagesTo_MovesDeadLettersWithTheirReasonAndSource()
    {
        await _ns.SendAsync("out", "settled", "failed");
        await using var receiver = _ns.Client.CreateReceiver("out");
        var messages = await receiver.TakeAsync(_ns);
        await receiver.DeadLetterMessageAsync(messages[0], "reason", "description", Cancel);
        await receiver.AbandonMessageAsync(messages[1], cancellationToken: Cancel);
        await receiver.AbandonMessageAsync(Assert.Single(await receiver.TakeAsync(_ns)), cancellationToken: Cancel);

        await using var dead = _ns.Client.CreateReceiver("dead");
        var moved = await dead.TakeAsync(_ns);

        Assert.Equal(["settled", "failed"], moved.Bodies());
        Assert.Equal(["reason", "MaxDeliveryCountExceeded"], moved.Select(message => message.DeadLetterReason));
        Assert.All(moved, message => Assert.Equal(("out", 1, ServiceBusMessageState.Active), (message.DeadLetterSource, message.DeliveryCount, message.State)));
        Assert.Equal(default, _ns.Count("out"));
    }

    [Fact]
    public async Task ForwardDeadLetteredMessagesTo_OfExpiredMessages_NeedsNoOneToAct()
    {
        await _ns.SendAsync("in", "a");

        _ns.Time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal((default, 1), (_ns.Count("out"), _ns.Count("dead").Active));
    }

    [Fact]
    public async Task ForwardTarget_WithDuplicateDetection_DropsWhatItHas()
    {
        await _ns.SendAsync("dead", "a");
        await _ns.SendAsync("in", "a", "b");
        _ns.Time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal((default, 2), (_ns.Count("out"), _ns.Count("dead").Active));
    }

    [Fact]
    public async Task ForwardTo_AFullQueue_KeepsTheMessageInTheTransferDeadLetterQueue()
    {
        await using var sender = _ns.Client.CreateSender("in");
        await sender.SendMessageAsync(new ServiceBusMessage(new byte[8000]), Cancel);
        await sender.SendMessageAsync(new ServiceBusMessage(new byte[8000]) { MessageId = "second" }, Cancel);

        Assert.Equal(1, _ns.Count("out").Active);
        Assert.Equal(new QueueCounts(0, 0, 0, 0) { TransferDeadLetter = 1 }, _ns.Count("in"));
        await using var receiver = _ns.Client.CreateReceiver("in", new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter });
        Assert.Equal("in/$Transfer/$DeadLetterQueue", receiver.EntityPath);
        var kept = Assert.Single(await receiver.TakeAsync(_ns));
        Assert.Equal(("second", "QuotaExceeded"), (kept.MessageId, kept.DeadLetterReason));
        await receiver.CompleteMessageAsync(kept, Cancel);
        Assert.Equal(default, _ns.Count("in"));
    }

    [Fact]
    public async Task ForwardTo_AQueueWithSessions_DeadLettersThereWhatHasNone()
    {
        await using var sender = _ns.Client.CreateSender("to-sessions");
        await sender.SendMessagesAsync([new ServiceBusMessage("with") { SessionId = "s" }, new ServiceBusMessage("without")], Cancel);

        await using var session = await _ns.Client.AcceptNextSessionAsync("sessions", cancellationToken: Cancel);
        await using var dead = _ns.Client.CreateReceiver("sessions/$DeadLetterQueue");

        Assert.Equal(["with"], (await session.TakeAsync(_ns)).Bodies());
        Assert.Equal("Session ID is null.", Assert.Single(await dead.TakeAsync(_ns)).DeadLetterReason);
    }

    [Fact]
    public async Task ForwardTo_OverMoreThanFourHops_KeepsTheMessageInTheTransferDeadLetterQueue()
    {
        await _ns.SendAsync("2", "four hops");
        await _ns.SendAsync("1", "five hops");

        await using var last = _ns.Client.CreateReceiver("6");
        Assert.Equal(["four hops"], (await last.TakeAsync(_ns)).Bodies());
        await using var receiver = _ns.Client.CreateReceiver("5", new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter });
        var kept = Assert.Single(await receiver.TakeAsync(_ns));
        Assert.Equal(("five hops", "MaxTransferHopCountExceeded"), (kept.Body.ToString(), kept.DeadLetterReason));
    }
}
