using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class TopicTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "events", Kind = EntityKind.Topic, RequiresDuplicateDetection = true },
        Subscription("all"),
        Subscription("red", new CorrelationFilter { Properties = new Dictionary<string, object> { ["color"] = "red" } }),
        Subscription("subjects", new CorrelationFilter { Subject = "a" }, new CorrelationFilter { Subject = "b" }),
        Subscription("none") with { Rules = [new SubscriptionRule("none", Filter: null)] },
        Subscription("sessions") with { RequiresSession = true },
        Subscription("small") with { MaxSizeInBytes = 1000 },
        Subscription("onward") with { ForwardTo = "queue" },
        new QueueDefinition { Name = "queue" });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task Send_ToATopic_GivesEachSubscriptionItsOwnCopyOfWhatItsRulesMatch()
    {
        await using var sender = _ns.Client.CreateSender("events");
        await sender.SendMessagesAsync(
            [
                new ServiceBusMessage("1") { Subject = "a", ApplicationProperties = { ["color"] = "red" } },
                new ServiceBusMessage("2") { Subject = "b" },
                new ServiceBusMessage("3") { Subject = "c", ApplicationProperties = { ["color"] = 1 } },
            ],
            Cancel);

        Assert.Equal(["1", "2", "3"], await TakeAllAsync("all"));
        Assert.Equal(["1"], await TakeAllAsync("red"));
        Assert.Equal(["1", "2"], await TakeAllAsync("subjects"));
        Assert.Empty(await TakeAllAsync("none"));
        Assert.Equal(3, _ns.Count("queue").Active);
        Assert.Equal(default, _ns.Count("events"));
    }

    [Fact]
    public async Task Send_OfADuplicateToATopic_IsDroppedForAllSubscriptions()
    {
        await _ns.SendAsync("events", "x", "x");

        Assert.Equal(["x"], await TakeAllAsync("all"));
    }

    [Fact]
    public async Task Subscription_WithSessions_IsAcceptedByTopicAndName()
    {
        await _ns.SendToSessionAsync("events", "s", "1", "2");

        await using var next = await _ns.Client.AcceptNextSessionAsync("events", "sessions", cancellationToken: Cancel);
        Assert.Equal(("s", "events/Subscriptions/sessions"), (next.SessionId, next.EntityPath));
        Assert.Equal(["1", "2"], (await next.TakeAsync(_ns)).Bodies());
        await next.CloseAsync(Cancel);
        await using var again = await _ns.Client.AcceptSessionAsync("events", "sessions", "s", cancellationToken: Cancel);
        Assert.Equal("s", again.SessionId);
    }

    [Fact]
    public async Task Subscription_HasItsOwnDeadLetters()
    {
        await _ns.SendAsync("events", "x");
        await using var receiver = _ns.Client.CreateReceiver("events", "all");
        await receiver.DeadLetterMessageAsync(Assert.Single(await receiver.TakeAsync(_ns)), "reason", cancellationToken: Cancel);

        await using var deadLetters = _ns.Client.CreateReceiver("events", "all", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });

        Assert.Equal("events/Subscriptions/all/$DeadLetterQueue", deadLetters.EntityPath);
        Assert.Equal("reason", Assert.Single(await deadLetters.TakeAsync(_ns)).DeadLetterReason);
        Assert.Equal(1, _ns.Count("events/Subscriptions/red").Active + _ns.Count("queue").Active);
    }

    [Fact]
    public async Task Send_WhenOneSubscriptionIsFull_ReachesTheOthersAndIsKeptForIt()
    {
        await using var sender = _ns.Client.CreateSender("events");
        await sender.SendMessageAsync(new ServiceBusMessage(new byte[2000]) { MessageId = "large" }, Cancel);

        Assert.Equal((1, 0), (_ns.Count("events/Subscriptions/all").Active, _ns.Count("events/Subscriptions/small").Active));
        await using var kept = _ns.Client.CreateReceiver("events/$Transfer/$DeadLetterQueue");
        var message = Assert.Single(await kept.TakeAsync(_ns));
        Assert.Equal(("large", "QuotaExceeded"), (message.MessageId, message.DeadLetterReason));
        Assert.Contains("events/Subscriptions/small", message.DeadLetterErrorDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReceiveFromATopic_OrSendToASubscription_IsRefused()
    {
        await using var receiver = _ns.Client.CreateReceiver("events");
        await using var sender = _ns.Client.CreateSender("events/Subscriptions/all");

        var receiving = await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveMessageAsync(null, Cancel));
        var sending = await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendMessageAsync(new ServiceBusMessage("x"), Cancel));

        Assert.Contains("subscriptions", receiving.Message, StringComparison.Ordinal);
        Assert.Contains("topic 'events'", sending.Message, StringComparison.Ordinal);
    }

    private static QueueDefinition Subscription(string name, params CorrelationFilter[] filters) => new()
    {
        Name = QueuePath.OfSubscription("events", name),
        Kind = EntityKind.Subscription,
        Rules = filters.Length == 0 ? SubscriptionRule.All : [.. filters.Select((filter, i) => new SubscriptionRule($"{i}", filter))],
    };

    private async Task<IEnumerable<string>> TakeAllAsync(string subscription)
    {
        await using var receiver = _ns.Client.CreateReceiver("events", subscription);
        return (await receiver.TakeAsync(_ns)).Bodies();
    }
}
