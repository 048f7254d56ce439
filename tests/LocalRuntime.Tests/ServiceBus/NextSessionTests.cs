using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class NextSessionTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(new QueueDefinition { Name = "q", RequiresSession = true });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task AcceptNextSession_GivesEachSessionToOneReceiverInTheOrderTheyBecameReady()
    {
        await _ns.SendToSessionAsync("q", "a", "1");
        await _ns.SendToSessionAsync("q", "b", "1");
        await _ns.SendToSessionAsync("q", "a", "2");

        await using var first = await AcceptNextAsync();
        await using var second = await AcceptNextAsync();
        var third = AcceptNextAsync();

        Assert.Equal(("a", "b"), (first.SessionId, second.SessionId));
        Assert.False(third.IsCompleted);
        await _ns.SendToSessionAsync("q", "c", "1");
        Assert.Equal("c", (await third.Soon()).SessionId);
    }

    [Fact]
    public async Task AcceptNextSession_WithMoreSessionsThanReceivers_TakesTurns()
    {
        foreach (var session in new[] { "a", "b", "c" })
        {
            await _ns.SendToSessionAsync("q", session, "1", "2");
        }
        var order = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            await using var receiver = await AcceptNextAsync();
            order.Add(receiver.SessionId);
            await receiver.CompleteMessageAsync((await receiver.ReceiveMessageAsync(null, Cancel))!, Cancel);
        }

        Assert.Equal(["a", "b", "c", "a", "b", "c"], order);
    }

    [Fact]
    public async Task AcceptNextSession_NoneInTime_TimesOutAfterTheTryTimeout()
    {
        await using var client = new ServiceBusClient(
            _ns.ConnectionString,
            new ServiceBusClientOptions { RetryOptions = new ServiceBusRetryOptions { TryTimeout = TimeSpan.FromSeconds(5) } });
        var accepting = client.AcceptNextSessionAsync("q", cancellationToken: Cancel);

        _ns.Time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(accepting.IsCompleted);
        _ns.Time.Advance(TimeSpan.FromMilliseconds(1));

        var exception = await Waits.RefusesAsync(ServiceBusFailureReason.ServiceTimeout, () => accepting);
        Assert.True(exception.IsTransient);
    }

    [Fact]
    public async Task AcceptNextSession_CancelledWhileWaiting_TakesNoSessionLater()
    {
        using var cancellation = new CancellationTokenSource();
        var accepting = _ns.Client.AcceptNextSessionAsync("q", cancellationToken: cancellation.Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => accepting.Soon());
        await _ns.SendToSessionAsync("q", "s", "1");

        await using var receiver = await AcceptNextAsync();
        Assert.Equal("s", receiver.SessionId);
    }

    private Task<ServiceBusSessionReceiver> AcceptNextAsync() => _ns.Client.AcceptNextSessionAsync("q", cancellationToken: Cancel);
}
