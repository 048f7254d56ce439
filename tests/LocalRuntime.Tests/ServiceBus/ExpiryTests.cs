using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class ExpiryTests : IAsyncDisposable
{
    private static readonly TimeSpan QueueTimeToLive = TimeSpan.FromMinutes(10);

    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "drops", DefaultMessageTimeToLive = QueueTimeToLive },
        new QueueDefinition { Name = "keeps", DefaultMessageTimeToLive = QueueTimeToLive, DeadLetteringOnMessageExpiration = true });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Theory]
    [InlineData("drops", 0)]
    [InlineData("keeps", 1)]
    public async Task TimeToLive_OfTheQueue_RunsOutWithoutAnyoneReceiving(string queue, int deadLetters)
    {
        await _ns.SendAsync(queue, "a");

        _ns.Time.Advance(QueueTimeToLive - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _ns.Count(queue).Active);
        _ns.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(new QueueCounts(0, 0, 0, deadLetters), _ns.Count(queue));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(60, 10)]
    public async Task TimeToLive_OfAMessage_IsBoundedByTheQueues(int messageMinutes, int effectiveMinutes)
    {
        await using var sender = _ns.Client.CreateSender("keeps");
        await sender.SendMessageAsync(new ServiceBusMessage("a") { TimeToLive = TimeSpan.FromMinutes(messageMinutes) }, Cancel);

        _ns.Time.Advance(TimeSpan.FromMinutes(effectiveMinutes));

        await using var receiver = _ns.Client.CreateReceiver("keeps", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        var dead = Assert.Single(await receiver.TakeAsync(_ns));
        Assert.Equal("TTLExpiredException", dead.DeadLetterReason);
        Assert.Equal(TimeSpan.FromMinutes(effectiveMinutes), dead.TimeToLive);
    }

    [Fact]
    public async Task TimeToLive_OfALockedMessage_RunsOutOnlyWhenItIsGivenBack()
    {
        await using var sender = _ns.Client.CreateSender("keeps");
        await sender.SendMessageAsync(new ServiceBusMessage("a") { TimeToLive = TimeSpan.FromSeconds(10) }, Cancel);
        await using var receiver = _ns.Client.CreateReceiver("keeps");
        var message = Assert.Single(await receiver.TakeAsync(_ns));
        _ns.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(1, _ns.Count("keeps").Active);

        var waiting = receiver.ReceiveMessageAsync(cancellationToken: Cancel);
        await receiver.AbandonMessageAsync(message, cancellationToken: Cancel);

        Assert.False(waiting.IsCompleted);
        Assert.Equal(new QueueCounts(0, 0, 0, DeadLetter: 1), _ns.Count("keeps"));
    }

    [Fact]
    public async Task TimeToLive_OfADeferredMessage_RunsOutWhenItIsAskedFor()
    {
        await _ns.SendAsync("keeps", "a");
        await using var receiver = _ns.Client.CreateReceiver("keeps");
        var message = Assert.Single(await receiver.TakeAsync(_ns));
        await receiver.DeferMessageAsync(message, cancellationToken: Cancel);
        _ns.Time.Advance(QueueTimeToLive);
        Assert.Equal(1, _ns.Count("keeps").Deferred);

        await Waits.RefusesAsync(
            ServiceBusFailureReason.MessageNotFound, () => receiver.ReceiveDeferredMessageAsync(message.SequenceNumber, Cancel));

        Assert.Equal(new QueueCounts(0, 0, 0, DeadLetter: 1), _ns.Count("keeps"));
    }

    [Fact]
    public async Task TimeToLive_OfADeadLetter_DoesNotRunOut()
    {
        await _ns.SendAsync("keeps", "a");
        _ns.Time.Advance(TimeSpan.FromDays(365));

        Assert.Equal(1, _ns.Count("keeps").DeadLetter);
    }

    [Fact]
    public async Task TimeToLive_InTheMiddleOfTheQueue_IsSkippedByReceivers()
    {
        await using var sender = _ns.Client.CreateSender("drops");
        for (var i = 0; i < 6; i++)
        {
            await sender.SendMessageAsync(
                new ServiceBusMessage($"{i}") { TimeToLive = i % 2 == 0 ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(1) }, Cancel);
        }
        _ns.Time.Advance(TimeSpan.FromSeconds(1));

        await using var receiver = _ns.Client.CreateReceiver("drops");

        Assert.Equal(["0", "2", "4"], (await receiver.TakeAsync(_ns)).Bodies());
    }
}
