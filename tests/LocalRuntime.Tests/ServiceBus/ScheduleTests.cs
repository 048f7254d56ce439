using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class ScheduleTests : IAsyncDisposable
{
    private readonly LocalNamespace _ns = new(new QueueDefinition { Name = "q" });
    private readonly ServiceBusSender _sender;
    private readonly ServiceBusReceiver _receiver;

    public ScheduleTests()
    {
        _sender = _ns.Client.CreateSender("q");
        _receiver = _ns.Client.CreateReceiver("q");
    }

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task ScheduleMessage_BeforeItsTime_IsThereButNotReceived()
    {
        await _sender.ScheduleMessageAsync(new ServiceBusMessage("later"), _ns.Time.GetUtcNow().AddMinutes(5), Cancel);

        Assert.Empty(await _receiver.TakeAsync(_ns));
        var peeked = await _receiver.PeekMessageAsync(cancellationToken: Cancel);

        Assert.Equal(ServiceBusMessageState.Scheduled, peeked!.State);
        Assert.Equal(new QueueCounts(Active: 0, Scheduled: 1, Deferred: 0, DeadLetter: 0), _ns.Count("q"));
    }

    [Fact]
    public async Task ScheduleMessage_AtItsTime_WakesTheReceiverAndHasANewNumber()
    {
        var due = _ns.Time.GetUtcNow().AddMinutes(5);
        var number = await _sender.ScheduleMessageAsync(new ServiceBusMessage("later"), due, Cancel);
        var receiving = _receiver.ReceiveMessageAsync(TimeSpan.FromHours(1), Cancel);

        _ns.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(receiving.IsCompleted);
        _ns.Time.Advance(TimeSpan.FromMilliseconds(1));
        var message = await receiving.Soon();

        Assert.Equal("later", message!.Body.ToString());
        Assert.NotEqual(number, message.SequenceNumber);
        Assert.Equal(number, message.EnqueuedSequenceNumber);
        Assert.Equal(due, message.EnqueuedTime);
        Assert.Equal(ServiceBusMessageState.Active, message.State);
    }

    [Fact]
    public async Task ScheduleMessages_DueAtOnce_ComeInTheOrderOfSending()
    {
        var bodies = Enumerable.Range(0, 50).Select(i => $"{i}").ToList();
        await _sender.ScheduleMessagesAsync(
            bodies.Select(body => new ServiceBusMessage(body)), _ns.Time.GetUtcNow().AddSeconds(1), Cancel);

        _ns.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(bodies, (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task SendMessage_WithScheduledEnqueueTime_IsScheduled()
    {
        await _sender.SendMessageAsync(
            new ServiceBusMessage("later") { ScheduledEnqueueTime = _ns.Time.GetUtcNow().AddSeconds(1) }, Cancel);
        Assert.Equal(1, _ns.Count("q").Scheduled);

        _ns.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["later"], (await _receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task CancelScheduledMessages_OneOfThemUnknown_CancelsNone()
    {
        var due = _ns.Time.GetUtcNow().AddMinutes(5);
        var numbers = await _sender.ScheduleMessagesAsync([new ServiceBusMessage("a"), new ServiceBusMessage("b")], due, Cancel);

        await Waits.RefusesAsync(
            ServiceBusFailureReason.MessageNotFound, () => _sender.CancelScheduledMessagesAsync([numbers[0], 99], Cancel));
        Assert.Equal(2, _ns.Count("q").Scheduled);

        await _sender.CancelScheduledMessagesAsync(numbers, Cancel);
        _ns.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(await _receiver.TakeAsync(_ns));
    }

    [Fact]
    public async Task CancelScheduledMessage_AfterItWasEnqueued_IsNotFound()
    {
        var number = await _sender.ScheduleMessageAsync(new ServiceBusMessage("a"), _ns.Time.GetUtcNow().AddSeconds(1), Cancel);
        _ns.Time.Advance(TimeSpan.FromSeconds(1));

        await Waits.RefusesAsync(ServiceBusFailureReason.MessageNotFound, () => _sender.CancelScheduledMessageAsync(number, Cancel));
    }
}
