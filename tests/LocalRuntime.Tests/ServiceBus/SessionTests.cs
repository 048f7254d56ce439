using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class SessionTests : IAsyncDisposable
{
    private static readonly TimeSpan LockDuration = TimeSpan.FromMinutes(1);

    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "q", RequiresSession = true, LockDuration = LockDuration, MaxDeliveryCount = 3 },
        new QueueDefinition { Name = "plain" });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task AcceptSession_HeldByAnother_CannotBeLocked()
    {
        await using var holder = await AcceptAsync("s");

        await Waits.RefusesAsync(ServiceBusFailureReason.SessionCannotBeLocked, () => AcceptAsync("s"));
        await using var other = await AcceptAsync("t");

        Assert.Equal(_ns.Time.GetUtcNow() + LockDuration, other.SessionLockedUntil);
    }

    [Fact]
    public async Task Receive_GivesOnlyTheSessionsMessagesInOrder()
    {
        await _ns.SendToSessionAsync("q", "s", "1", "2");
        await _ns.SendToSessionAsync("q", "t", "other");
        await _ns.SendToSessionAsync("q", "s", "3");

        await using var receiver = await AcceptAsync("s");

        Assert.Equal(["1", "2", "3"], (await receiver.TakeAsync(_ns)).Bodies());
        Assert.Empty(await receiver.TakeAsync(_ns));
    }

    [Fact]
    public async Task Abandon_GivesTheFirstMessageAgainBeforeAnyLaterOne()
    {
        await _ns.SendToSessionAsync("q", "s", "1", "2", "3");
        await using var receiver = await AcceptAsync("s");
        var held = await receiver.ReceiveMessagesAsync(2, null, Cancel);

        await receiver.AbandonMessageAsync(held[0], cancellationToken: Cancel);
        await receiver.AbandonMessageAsync(held[1], cancellationToken: Cancel);

        Assert.Equal(["1", "2", "3"], (await receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task SessionLockExpiry_GivesTheNextHolderAllMessagesInOrderAndCountsTheDelivered()
    {
        await _ns.SendToSessionAsync("q", "s", "1", "2", "3");
        var crashed = await AcceptAsync("s");
        var lost = await crashed.ReceiveMessagesAsync(2, null, Cancel);

        _ns.Time.Advance(LockDuration);
        await using var next = await AcceptNextAsync();
        var messages = await next.TakeAsync(_ns);

        Assert.Equal(["1", "2", "3"], messages.Bodies());
        Assert.Equal([2, 2, 1], messages.Select(message => message.DeliveryCount));
        await Waits.RefusesAsync(ServiceBusFailureReason.SessionLockLost, () => crashed.CompleteMessageAsync(lost[0], Cancel));
        await Waits.RefusesAsync(ServiceBusFailureReason.SessionLockLost, () => crashed.RenewSessionLockAsync(Cancel));
        await Waits.RefusesAsync(ServiceBusFailureReason.SessionLockLost, () => crashed.ReceiveMessageAsync(null, Cancel));
        await Waits.RefusesAsync(ServiceBusFailureReason.SessionLockLost, () => crashed.GetSessionStateAsync(Cancel));
        await crashed.CloseAsync(Cancel);
        Assert.Equal(3, messages.Count);
        await next.CompleteMessageAsync(messages[0], Cancel);
    }

    [Fact]
    public async Task SessionLockExpiry_WhileReceiving_EndsTheWaitWithTheLoss()
    {
        var receiver = await AcceptAsync("s");
        var receiving = receiver.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);

        _ns.Time.Advance(LockDuration);

        await Waits.RefusesAsync(ServiceBusFailureReason.SessionLockLost, () => receiving);
    }

    [Fact]
    public async Task SessionLockExpiry_MaxDeliveryCountTimes_DeadLettersOnlyWhatWasDelivered()
    {
        await _ns.SendToSessionAsync("q", "s", "poison", "next");
        for (var delivery = 1; delivery <= 3; delivery++)
        {
            var crashing = await AcceptNextAsync();
            Assert.Equal("poison", (await crashing.ReceiveMessageAsync(null, Cancel))!.Body.ToString());
            _ns.Time.Advance(LockDuration);
        }

        await using var receiver = await AcceptNextAsync();
        Assert.Equal(["next"], (await receiver.TakeAsync(_ns)).Bodies());
        await using var deadLetters = _ns.Client.CreateReceiver("q", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        var dead = Assert.Single(await deadLetters.TakeAsync(_ns));
        Assert.Equal(("s", "MaxDeliveryCountExceeded"), (dead.SessionId, dead.DeadLetterReason));
    }

    [Fact]
    public async Task RenewSessionLock_CoversTheSessionsMessages()
    {
        await _ns.SendToSessionAsync("q", "s", "1");
        await using var receiver = await AcceptAsync("s");
        var message = (await receiver.ReceiveMessageAsync(null, Cancel))!;
        for (var i = 0; i < 10; i++)
        {
            _ns.Time.Advance(TimeSpan.FromSeconds(50));
            await receiver.RenewSessionLockAsync(Cancel);
        }

        Assert.Equal(_ns.Time.GetUtcNow() + LockDuration, receiver.SessionLockedUntil);
        await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.RenewMessageLockAsync(message, Cancel));
        await receiver.CompleteMessageAsync(message, Cancel);
        Assert.Equal(0, _ns.Count("q").Active);
    }

    [Fact]
    public async Task Close_WithUnsettledMessages_GivesThemToTheNextHolderAtOnceUncounted()
    {
        await _ns.SendToSessionAsync("q", "s", "1", "2");
        var first = await AcceptAsync("s");
        await first.ReceiveMessageAsync(null, Cancel);
        var accepting = AcceptNextAsync();
        Assert.False(accepting.IsCompleted);

        await first.CloseAsync(Cancel);

        await using var second = await accepting.Soon();
        var messages = await second.TakeAsync(_ns);
        Assert.Equal(["1", "2"], messages.Bodies());
        Assert.Equal([1, 1], messages.Select(message => message.DeliveryCount));
        Assert.True(first.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.ReceiveMessageAsync(null, Cancel));
    }

    [Fact]
    public async Task Receive_WaitingInASession_IsWokenByItsMessagesOnly()
    {
        await using var receiver = await AcceptAsync("s");
        var receiving = receiver.ReceiveMessagesAsync(10, null, Cancel);

        await _ns.SendToSessionAsync("q", "t", "other");
        Assert.False(receiving.IsCompleted);
        await _ns.SendToSessionAsync("q", "s", "1", "2");

        Assert.Equal(["1", "2"], (await receiving.Soon()).Bodies());
    }

    [Fact]
    public async Task SessionState_OutlivesTheHoldAndTheMessages()
    {
        await using (var receiver = await AcceptAsync("s"))
        {
            Assert.Null(await receiver.GetSessionStateAsync(Cancel));
            await receiver.SetSessionStateAsync(BinaryData.FromString("42"), Cancel);
        }

        await using (var receiver = await AcceptAsync("s"))
        {
            Assert.Equal("42", (await receiver.GetSessionStateAsync(Cancel))!.ToString());
            await receiver.SetSessionStateAsync(null, Cancel);
            Assert.Null(await receiver.GetSessionStateAsync(Cancel));
        }
    }

    [Fact]
    public async Task SetSessionState_TooLarge_IsRefused()
    {
        await using var receiver = await AcceptAsync("s");
        await receiver.SetSessionStateAsync(BinaryData.FromBytes(new byte[BrokerLimits.MaxSessionStateBytes]), Cancel);

        await Waits.RefusesAsync(
            ServiceBusFailureReason.MessageSizeExceeded,
            () => receiver.SetSessionStateAsync(BinaryData.FromBytes(new byte[BrokerLimits.MaxSessionStateBytes + 1]), Cancel));
    }

    [Fact]
    public async Task ReceiveDeferred_InAnotherSession_IsNotFound()
    {
        await _ns.SendToSessionAsync("q", "s", "1");
        await using var receiver = await AcceptAsync("s");
        var message = (await receiver.ReceiveMessageAsync(null, Cancel))!;
        await receiver.DeferMessageAsync(message, cancellationToken: Cancel);
        await using var other = await AcceptAsync("t");

        await Waits.RefusesAsync(
            ServiceBusFailureReason.MessageNotFound, () => other.ReceiveDeferredMessageAsync(message.SequenceNumber, Cancel));
        await receiver.CompleteMessageAsync(await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber, Cancel), Cancel);

        Assert.Equal(new QueueCounts(0, 0, 0, 0), _ns.Count("q"));
    }

    [Fact]
    public async Task PeekMessages_InASession_ShowsItsMessagesOnly()
    {
        await _ns.SendToSessionAsync("q", "s", "1");
        await _ns.SendToSessionAsync("q", "t", "other");
        await _ns.SendToSessionAsync("q", "s", "2");
        await using var receiver = await AcceptAsync("s");
        await receiver.ReceiveMessageAsync(null, Cancel);

        Assert.Equal(["1", "2"], (await receiver.PeekMessagesAsync(10, cancellationToken: Cancel)).Bodies());
        Assert.Equal(["2"], (await receiver.PeekMessagesAsync(10, fromSequenceNumber: 2, Cancel)).Bodies());
    }

    [Fact]
    public async Task AcceptSession_OnAQueueWithoutSessions_IsRefused()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _ns.Client.AcceptSessionAsync("plain", "s", cancellationToken: Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _ns.Client.AcceptNextSessionAsync("plain", cancellationToken: Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _ns.Client.AcceptNextSessionAsync("q/$DeadLetterQueue", cancellationToken: Cancel));
    }

    [Fact]
    public async Task Sessions_WorkedByManyReceiversThatSometimesAbandonOrLeave_AreProcessedOneAtATimeInOrder()
    {
        const int Sessions = 10;
        const int PerSession = 40;
        await using var sender = _ns.Client.CreateSender("q");
        for (var i = 0; i < PerSession; i++)
        {
            await sender.SendMessagesAsync(
                Enumerable.Range(0, Sessions).Select(s => new ServiceBusMessage($"{i}") { SessionId = $"{s}" }), Cancel);
        }
        var done = Enumerable.Range(0, Sessions).ToDictionary(s => $"{s}", _ => new List<int>());
        var left = Sessions * PerSession;
        using var finished = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() => WorkAsync(new Random(seed)), Cancel))).Soon();

        Assert.All(done.Values, numbers => Assert.Equal(Enumerable.Range(0, PerSession), numbers));

        async Task WorkAsync(Random random)
        {
            while (!finished.IsCancellationRequested)
            {
                try
                {
                    await using var receiver = await _ns.Client.AcceptNextSessionAsync("q", cancellationToken: finished.Token);
                    for (var i = random.Next(1, 10); i > 0; i--)
                    {
                        if (await receiver.ReceiveMessageAsync(Waits.Briefly, finished.Token).WaitAsync(finished.Token) is not { } message)
                        {
                            break;
                        }
                        if (message.DeliveryCount < 2 && random.Next(4) == 0)
                        {
                            await receiver.AbandonMessageAsync(message, cancellationToken: Cancel);
                            continue;
                        }
                        // Not thread-safe on purpose: only one receiver may be here for a session.
                        done[receiver.SessionId].Add(int.Parse(message.Body.ToString(), System.Globalization.CultureInfo.InvariantCulture));
                        await receiver.CompleteMessageAsync(message, Cancel);
                        if (Interlocked.Decrement(ref left) == 0)
                        {
                            await finished.CancelAsync();
                        }
                        else if (done[receiver.SessionId].Count == PerSession)
                        {
                            break;
                        }
                    }
                }
                catch (OperationCanceledException) when (finished.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }

    private Task<ServiceBusSessionReceiver> AcceptAsync(string session)
        => _ns.Client.AcceptSessionAsync("q", session, cancellationToken: Cancel);

    private Task<ServiceBusSessionReceiver> AcceptNextAsync() => _ns.Client.AcceptNextSessionAsync("q", cancellationToken: Cancel);
}
