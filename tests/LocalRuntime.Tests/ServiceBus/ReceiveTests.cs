using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class ReceiveTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "q" }, new QueueDefinition { Name = "sessions", RequiresSession = true });
    private readonly ServiceBusReceiver _receiver;

    public ReceiveTests() => _receiver = _ns.Client.CreateReceiver("q");

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task ReceiveMessages_MoreAskedThanThere_ReturnsThoseThereAtOnce()
    {
        await _ns.SendAsync("q", "a", "b", "c");

        var receiving = _receiver.ReceiveMessagesAsync(10, TimeSpan.FromHours(1), Cancel);

        Assert.True(receiving.IsCompleted);
        Assert.Equal(["a", "b", "c"], (await receiving).Bodies());
    }

    [Fact]
    public async Task ReceiveMessages_FewerAskedThanThere_LeavesTheRest()
    {
        await _ns.SendAsync("q", "a", "b", "c");

        Assert.Equal(["a", "b"], (await _receiver.ReceiveMessagesAsync(2, cancellationToken: Cancel)).Bodies());
        Assert.Equal(["c"], (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task ReceiveMessages_Waiting_AreWokenBySendInTheOrderOfTheirComing()
    {
        var first = _receiver.ReceiveMessagesAsync(10, cancellationToken: Cancel);
        var second = _ns.Client.CreateReceiver("q").ReceiveMessagesAsync(10, cancellationToken: Cancel);
        Assert.False(first.IsCompleted);

        await _ns.SendAsync("q", "a", "b");
        Assert.Equal(["a", "b"], (await first.Soon()).Bodies());
        Assert.False(second.IsCompleted);
        await _ns.SendAsync("q", "c");

        Assert.Equal(["c"], (await second.Soon()).Bodies());
    }

    [Theory]
    [InlineData(null, 60)]
    [InlineData(5, 5)]
    public async Task ReceiveMessages_NothingInTime_ReturnsNoneAfterTheWait(int? askedSeconds, int expectedSeconds)
    {
        TimeSpan? wait = askedSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var receiving = _receiver.ReceiveMessagesAsync(1, wait, Cancel);

        _ns.Time.Advance(TimeSpan.FromSeconds(expectedSeconds) - TimeSpan.FromMilliseconds(1));
        Assert.False(receiving.IsCompleted);
        _ns.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Empty(await receiving.Soon());
    }

    [Fact]
    public async Task ReceiveMessage_NothingInTime_ReturnsNull()
    {
        var receiving = _receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(1), Cancel);

        _ns.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(await receiving.Soon());
    }

    [Fact]
    public async Task ReceiveMessages_CancelledWhileWaiting_TakesNoMessageLater()
    {
        using var cancellation = new CancellationTokenSource();
        var receiving = _receiver.ReceiveMessagesAsync(1, cancellationToken: cancellation.Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => receiving.Soon());
        await _ns.SendAsync("q", "a");

        Assert.Equal(["a"], (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task Close_WhileReceiving_EndsTheWaitAndTakesNoMessageLater()
    {
        var receiving = _receiver.ReceiveMessagesAsync(1, cancellationToken: Cancel);

        await _receiver.CloseAsync(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.Soon());
        await _ns.SendAsync("q", "a");

        await using var other = _ns.Client.CreateReceiver("q");
        Assert.Equal(["a"], (await other.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task ReceiveMessages_AsStream_YieldsUntilCancelled()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await _ns.SendAsync("q", "a", "b");
        var bodies = new List<string>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var message in _receiver.ReceiveMessagesAsync(cancellation.Token))
            {
                bodies.Add(message.Body.ToString());
                if (bodies.Count == 2)
                {
                    await cancellation.CancelAsync();
                }
            }
        });

        Assert.Equal(["a", "b"], bodies);
    }

    [Fact]
    public async Task ReceiveMessages_InReceiveAndDelete_LeavesNothingToSettle()
    {
        await _ns.SendAsync("q", "a");
        await using var receiver = _ns.Client.CreateReceiver(
            "q", new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });

        var message = Assert.Single(await receiver.TakeAsync(_ns));

        Assert.Equal(Guid.Empty.ToString(), message.LockToken);
        Assert.Equal(0, _ns.Count("q").Active);
        await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.CompleteMessageAsync(message, Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.RenewMessageLockAsync(message, Cancel));
    }

    [Fact]
    public async Task ReceiveMessages_FromSessionQueueWithoutSession_IsRefused()
    {
        await using var receiver = _ns.Client.CreateReceiver("sessions");

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveMessagesAsync(1, null, Cancel));

        Assert.Contains("AcceptNextSessionAsync", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReceiveMessages_WithWaitOfZero_IsRefusedAsInAzureUnlessPrefetching()
    {
        await _ns.SendAsync("q", "a");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _receiver.ReceiveMessagesAsync(1, TimeSpan.Zero, Cancel));

        await using var prefetching = _ns.Client.CreateReceiver("q", new ServiceBusReceiverOptions { PrefetchCount = 1 });

        Assert.Equal(["a"], (await prefetching.ReceiveMessagesAsync(10, TimeSpan.Zero, Cancel)).Bodies());
        Assert.Empty(await prefetching.ReceiveMessagesAsync(10, TimeSpan.Zero, Cancel));
    }

    [Fact]
    public async Task PeekMessages_AgainAndAgain_WalksThroughAllStatesAndLocksNothing()
    {
        await _ns.SendAsync("q", "locked", "deferred", "active");
        await using var sender = _ns.Client.CreateSender("q");
        await sender.ScheduleMessageAsync(new ServiceBusMessage("scheduled"), _ns.Time.GetUtcNow().AddDays(1), Cancel);
        var held = await _receiver.ReceiveMessagesAsync(2, null, Cancel);
        await _receiver.DeferMessageAsync(held[1], cancellationToken: Cancel);

        var first = await _receiver.PeekMessagesAsync(3, cancellationToken: Cancel);
        var rest = await _receiver.PeekMessagesAsync(3, cancellationToken: Cancel);
        var again = await _receiver.PeekMessagesAsync(1, fromSequenceNumber: 2, Cancel);

        Assert.Equal(["locked", "deferred", "active"], first.Bodies());
        Assert.Equal(["scheduled"], rest.Bodies());
        Assert.Equal(["deferred"], again.Bodies());
        Assert.Equal(
            [ServiceBusMessageState.Active, ServiceBusMessageState.Deferred, ServiceBusMessageState.Active],
            first.Select(message => message.State));
        Assert.All(first, message => Assert.Equal(Guid.Empty.ToString(), message.LockToken));
        Assert.Equal(["active"], (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task ReceiveMessages_ByManyAtOnce_GivesEachMessageToOneOfThem()
    {
        const int Messages = 2000;
        const int Receivers = 8;
        var seen = await Task.WhenAll(Enumerable.Range(0, Receivers).Select(_ => Task.Run(ReceiveAllAsync, Cancel)).Prepend(Task.Run(
            async () =>
            {
                await using var sender = _ns.Client.CreateSender("q");
                for (var i = 0; i < Messages + Receivers; i++)
                {
                    await sender.SendMessageAsync(new ServiceBusMessage(i < Messages ? $"{i}" : "stop"), Cancel);
                }
                return new List<string>();
            },
            Cancel))).Soon();

        var all = seen.SelectMany(bodies => bodies).ToList();
        Assert.Equal(Messages, all.Count);
        Assert.Equal(Messages, all.Distinct().Count());
        Assert.Equal(new QueueCounts(0, 0, 0, 0), _ns.Count("q"));

        async Task<List<string>> ReceiveAllAsync()
        {
            await using var receiver = _ns.Client.CreateReceiver("q");
            var bodies = new List<string>();
            while (true)
            {
                var message = (await receiver.ReceiveMessageAsync(cancellationToken: Cancel))!;
                await receiver.CompleteMessageAsync(message, Cancel);
                if (message.Body.ToString() == "stop")
                {
                    return bodies;
                }
                bodies.Add(message.Body.ToString());
            }
        }
    }
}
