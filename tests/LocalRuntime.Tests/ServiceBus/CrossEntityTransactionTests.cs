using System.Transactions;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class CrossEntityTransactionTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "a" },
        new QueueDefinition { Name = "b" },
        new QueueDefinition { Name = "c", RequiresSession = true },
        new QueueDefinition { Name = "t", Kind = EntityKind.Topic },
        new QueueDefinition { Name = "t/Subscriptions/s", Kind = EntityKind.Subscription });

    private readonly ServiceBusClient _client;

    public CrossEntityTransactionTests()
        => _client = new ServiceBusClient(_ns.ConnectionString, new ServiceBusClientOptions { EnableCrossEntityTransactions = true });

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _ns.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CompleteHere_SendThere_HappensEverywhereOrNowhere(bool commit)
    {
        await _ns.SendAsync("a", "in");
        await using var receiver = _client.CreateReceiver("a");
        var message = Assert.Single(await receiver.TakeAsync(_ns));

        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await receiver.CompleteMessageAsync(message, Cancel);
            await _client.CreateSender("b").SendMessageAsync(new ServiceBusMessage("out"), Cancel);
            await _client.CreateSender("c").SendMessageAsync(new ServiceBusMessage("out") { SessionId = "s" }, Cancel);
            await _client.CreateSender("t").SendMessageAsync(new ServiceBusMessage("out"), Cancel);
            if (commit)
            {
                scope.Complete();
            }
        }

        var expected = commit ? (0, 1, 1, 1) : (1, 0, 0, 0);
        Assert.Equal(
            expected, (_ns.Count("a").Active, _ns.Count("b").Active, _ns.Count("c").Active, _ns.Count("t/Subscriptions/s").Active));
    }

    [Fact]
    public async Task Receive_AfterASendToAnotherEntity_IsRefused()
    {
        await using var receiver = _client.CreateReceiver("a");
        await _client.CreateSender("b").SendMessageAsync(new ServiceBusMessage("x"), Cancel);
        await _client.CreateSender("a").SendMessageAsync(new ServiceBusMessage("y"), Cancel);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveMessageAsync(null, Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _client.AcceptNextSessionAsync("c", cancellationToken: Cancel));

        Assert.Contains("'b'", exception.Message, StringComparison.Ordinal);
        await using var first = _client.CreateReceiver("b");
        Assert.Equal(["x"], (await first.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task Settle_OfADeadLetter_IsOnItsQueue()
    {
        await _ns.SendAsync("a", "x");
        await using var receiver = _client.CreateReceiver("a");
        await receiver.DeadLetterMessageAsync(Assert.Single(await receiver.TakeAsync(_ns)), cancellationToken: Cancel);
        await using var deadLetters = _client.CreateReceiver("a", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        var dead = Assert.Single(await deadLetters.TakeAsync(_ns));

        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await deadLetters.CompleteMessageAsync(dead, Cancel);
            await _client.CreateSender("a").SendMessageAsync(new ServiceBusMessage(dead), Cancel);
            scope.Complete();
        }

        Assert.Equal(new QueueCounts(1, 0, 0, 0), _ns.Count("a"));
    }

    [Fact]
    public async Task SubscriptionAndItsTopic_AreOneEntity()
    {
        await _ns.SendAsync("t", "x");
        await using var receiver = _ns.Client.CreateReceiver("t", "s");
        var message = Assert.Single(await receiver.TakeAsync(_ns));

        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await receiver.CompleteMessageAsync(message, Cancel);
            await _ns.Client.CreateSender("t").SendMessageAsync(new ServiceBusMessage("y"), Cancel);
            scope.Complete();
        }

        Assert.Equal(["y"], (await receiver.TakeAsync(_ns)).Bodies());
    }
}
