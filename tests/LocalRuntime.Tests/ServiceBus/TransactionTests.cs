using System.Transactions;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class TransactionTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "q", MaxSizeInBytes = 100_000 },
        new QueueDefinition { Name = "other" },
        new QueueDefinition { Name = "sessions", RequiresSession = true });

    private readonly ServiceBusSender _sender;
    private readonly ServiceBusReceiver _receiver;

    public TransactionTests()
    {
        _sender = _ns.Client.CreateSender("q");
        _receiver = _ns.Client.CreateReceiver("q");
    }

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task Complete_WithASend_HappensTogetherAtTheEndOfTheScope()
    {
        await _ns.SendAsync("q", "first");
        var first = Assert.Single(await _receiver.TakeAsync(_ns));

        using (var scope = Scope())
        {
            await _sender.SendMessageAsync(new ServiceBusMessage("second"), Cancel);
            await _receiver.CompleteMessageAsync(first, Cancel);
            Assert.Equal(1, _ns.Count("q").Active);
            scope.Complete();
        }

        Assert.Equal(["second"], (await _receiver.TakeAsync(_ns)).Bodies());
        await Waits.RefusesAsync(ServiceBusFailureReason.MessageLockLost, () => _receiver.CompleteMessageAsync(first, Cancel));
    }

    [Fact]
    public async Task Dispose_WithoutComplete_LeavesEverythingAsItWasAndMessagesLocked()
    {
        await _ns.SendAsync("q", "1", "2", "3", "4");
        var number = await _sender.ScheduleMessageAsync(new ServiceBusMessage("later"), _ns.Time.GetUtcNow().AddHours(1), Cancel);
        var held = await _receiver.TakeAsync(_ns);

        using (Scope())
        {
            await _sender.SendMessagesAsync([new ServiceBusMessage("5")], Cancel);
            await _sender.ScheduleMessageAsync(new ServiceBusMessage("6"), _ns.Time.GetUtcNow().AddHours(1), Cancel);
            await _sender.CancelScheduledMessageAsync(number, Cancel);
            await _receiver.CompleteMessageAsync(held[0], Cancel);
            await _receiver.AbandonMessageAsync(held[1], null, Cancel);
            await _receiver.DeferMessageAsync(held[2], null, Cancel);
            await _receiver.DeadLetterMessageAsync(held[3], "reason", cancellationToken: Cancel);
        }

        Assert.Equal(new QueueCounts(Active: 4, Scheduled: 1, Deferred: 0, DeadLetter: 0), _ns.Count("q"));
        Assert.Empty(await _receiver.TakeAsync(_ns));
        foreach (var message in held)
        {
            await _receiver.CompleteMessageAsync(message, Cancel);
        }
        Assert.Equal(0, _ns.Count("q").Active);
    }

    [Fact]
    public async Task Scope_WithEveryOperation_DoesThemAll()
    {
        await _ns.SendAsync("q", "1", "2", "3", "4");
        var cancelled = await _sender.ScheduleMessageAsync(new ServiceBusMessage("cancelled"), _ns.Time.GetUtcNow().AddHours(1), Cancel);
        var held = await _receiver.TakeAsync(_ns);
        long scheduled;

        using (var scope = Scope())
        {
            scheduled = await _sender.ScheduleMessageAsync(new ServiceBusMessage("scheduled"), _ns.Time.GetUtcNow().AddHours(1), Cancel);
            await _sender.CancelScheduledMessageAsync(cancelled, Cancel);
            await _receiver.CompleteMessageAsync(held[0], Cancel);
            await _receiver.AbandonMessageAsync(held[1], new Dictionary<string, object> { ["p"] = 1 }, Cancel);
            await _receiver.DeferMessageAsync(held[2], null, Cancel);
            await _receiver.DeadLetterMessageAsync(held[3], "reason", cancellationToken: Cancel);
            scope.Complete();
        }

        Assert.Equal(new QueueCounts(Active: 1, Scheduled: 1, Deferred: 1, DeadLetter: 1), _ns.Count("q"));
        var abandoned = Assert.Single(await _receiver.TakeAsync(_ns));
        Assert.Equal((2, 1), (abandoned.DeliveryCount, abandoned.ApplicationProperties["p"]));
        await _sender.CancelScheduledMessageAsync(scheduled, Cancel);
        Assert.Equal(0, _ns.Count("q").Scheduled);
    }

    [Fact]
    public async Task Schedule_WhoseNumberCameBeforeLaterSends_IsCancelledByItAndKeepsOrder()
    {
        long number;
        using (var scope = Scope())
        {
            number = await _sender.ScheduleMessageAsync(new ServiceBusMessage("scheduled"), _ns.Time.GetUtcNow().AddMinutes(1), Cancel);
            using (new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled))
            {
                await _ns.SendAsync("q", "sent meanwhile");
            }
            scope.Complete();
        }

        var peeked = await _receiver.PeekMessagesAsync(10, null, Cancel);
        Assert.Equal(["scheduled", "sent meanwhile"], peeked.Bodies());
        Assert.Equal(number, peeked[0].SequenceNumber);
        _ns.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["sent meanwhile", "scheduled"], (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task Settle_InsideATransaction_KeepsOthersFromSettlingUntilItIsOver()
    {
        await _ns.SendAsync("q", "a");
        var message = Assert.Single(await _receiver.TakeAsync(_ns));
        using (Scope())
        {
            await _receiver.CompleteMessageAsync(message, Cancel);
            await Waits.RefusesAsync(ServiceBusFailureReason.MessageLockLost, () => _receiver.CompleteMessageAsync(message, Cancel));
            using (new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled))
            {
                await Waits.RefusesAsync(ServiceBusFailureReason.MessageLockLost, () => _receiver.AbandonMessageAsync(message, null, Cancel));
            }
        }

        await _receiver.AbandonMessageAsync(message, null, Cancel);
        Assert.Equal(2, Assert.Single(await _receiver.TakeAsync(_ns)).DeliveryCount);
    }

    [Fact]
    public async Task Commit_AfterALockRanOut_DoesNothing()
    {
        await _ns.SendAsync("q", "a");
        var message = Assert.Single(await _receiver.TakeAsync(_ns));

        var exception = await Assert.ThrowsAsync<TransactionInDoubtException>(async () =>
        {
            using var scope = Scope();
            await _sender.SendMessageAsync(new ServiceBusMessage("b"), Cancel);
            await _receiver.CompleteMessageAsync(message, Cancel);
            _ns.Time.Advance(TimeSpan.FromSeconds(61));
            scope.Complete();
        });

        Assert.Equal(ServiceBusFailureReason.MessageLockLost, Assert.IsType<ServiceBusException>(exception.InnerException).Reason);
        Assert.Equal(["a"], (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task Commit_TooLateAfterTheFirstOperation_DoesNothing()
    {
        var exception = await Assert.ThrowsAsync<TransactionInDoubtException>(async () =>
        {
            using var scope = Scope();
            await _sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel);
            _ns.Time.Advance(BrokerLimits.TransactionTimeout);
            await Waits.RefusesAsync(ServiceBusFailureReason.GeneralError, () => _sender.SendMessageAsync(new ServiceBusMessage("b"), Cancel));
            scope.Complete();
        });

        Assert.Contains("00:02:00", exception.InnerException!.Message, StringComparison.Ordinal);
        Assert.Equal(0, _ns.Count("q").Active);
    }

    [Fact]
    public async Task Send_OfMoreThan100Messages_IsRefused()
    {
        using (var scope = Scope())
        {
            await _sender.SendMessagesAsync(Enumerable.Range(0, 99).Select(i => new ServiceBusMessage($"{i}")), Cancel);
            await Waits.RefusesAsync(
                ServiceBusFailureReason.QuotaExceeded,
                () => _sender.SendMessagesAsync([new ServiceBusMessage("100"), new ServiceBusMessage("101")], Cancel));
            await _sender.SendMessageAsync(new ServiceBusMessage("100"), Cancel);
            await Waits.RefusesAsync(
                ServiceBusFailureReason.QuotaExceeded,
                () => _sender.ScheduleMessageAsync(new ServiceBusMessage("101"), _ns.Time.GetUtcNow().AddHours(1), Cancel));
            scope.Complete();
        }

        Assert.Equal(new QueueCounts(100, 0, 0, 0), _ns.Count("q"));
    }

    [Fact]
    public async Task Sends_OverTheQueuesSizeTogether_CommitNothing()
    {
        var exception = await Assert.ThrowsAsync<TransactionInDoubtException>(async () =>
        {
            using var scope = Scope();
            await _sender.SendMessageAsync(new ServiceBusMessage(new byte[60_000]), Cancel);
            await _sender.SendMessageAsync(new ServiceBusMessage(new byte[60_000]), Cancel);
            scope.Complete();
        });

        Assert.Equal(ServiceBusFailureReason.QuotaExceeded, Assert.IsType<ServiceBusException>(exception.InnerException).Reason);
        Assert.Equal(0, _ns.Count("q").Active);
    }

    [Fact]
    public async Task SetSessionState_WithAComplete_HappensTogether()
    {
        await _ns.SendToSessionAsync("sessions", "s", "a", "b");
        await using var session = await _ns.Client.AcceptSessionAsync("sessions", "s", cancellationToken: Cancel);
        var held = await session.TakeAsync(_ns);
        using (Scope())
        {
            await session.SetSessionStateAsync(BinaryData.FromString("dropped"), Cancel);
            await session.CompleteMessageAsync(held[0], Cancel);
        }
        Assert.Null(await session.GetSessionStateAsync(Cancel));

        using (var scope = Scope())
        {
            await session.SetSessionStateAsync(BinaryData.FromString("kept"), Cancel);
            await session.CompleteMessageAsync(held[0], Cancel);
            scope.Complete();
        }

        Assert.Equal("kept", (await session.GetSessionStateAsync(Cancel))!.ToString());
        Assert.Equal(1, _ns.Count("sessions").Active);
    }

    [Fact]
    public async Task SecondEntity_InOneTransaction_IsRefusedAndTheFirstCommits()
    {
        await using var other = _ns.Client.CreateSender("other");
        using (var scope = Scope())
        {
            await _sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel);
            var exception = await Assert.ThrowsAsync<InvalidOperationException>(
                () => other.SendMessageAsync(new ServiceBusMessage("b"), Cancel));
            Assert.Contains("EnableCrossEntityTransactions", exception.Message, StringComparison.Ordinal);
            scope.Complete();
        }

        Assert.Equal((1, 0), (_ns.Count("q").Active, _ns.Count("other").Active));
    }

    [Fact]
    public async Task SecondClient_InOneTransaction_IsRefused()
    {
        await using var client = new ServiceBusClient(_ns.ConnectionString);
        await using var sender = client.CreateSender("q");
        using var scope = Scope();
        await _sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel);

        await Waits.RefusesAsync(ServiceBusFailureReason.GeneralError, () => sender.SendMessageAsync(new ServiceBusMessage("b"), Cancel));
    }

    [Fact]
    public async Task Scope_OfAnotherIsolation_IsRefused()
    {
        using var scope = new TransactionScope(
            TransactionScopeOption.Required,
            new TransactionOptions { IsolationLevel = IsolationLevel.ReadCommitted },
            TransactionScopeAsyncFlowOption.Enabled);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel));

        Assert.Contains("Serializable", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rollback_OfACommittableTransaction_AfterItsScopeCompleted_DoesNothing()
    {
        using var transaction = new CommittableTransaction();
        using (var scope = new TransactionScope(transaction, TransactionScopeAsyncFlowOption.Enabled))
        {
            await _sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel);
            scope.Complete();
        }
        transaction.Rollback();

        Assert.Equal(0, _ns.Count("q").Active);
    }

    [Fact]
    public async Task Commit_ServesWhoWaits()
    {
        var waiting = _receiver.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);
        using (var scope = Scope())
        {
            await _sender.SendMessageAsync(new ServiceBusMessage("a"), Cancel);
            Assert.False(waiting.IsCompleted);
            scope.Complete();
        }

        Assert.Equal("a", (await waiting.Soon())!.Body.ToString());
    }

    private static TransactionScope Scope() => new(TransactionScopeAsyncFlowOption.Enabled);
}
