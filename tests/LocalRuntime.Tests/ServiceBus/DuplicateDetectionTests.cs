using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;
using static ModelJobs.LocalRuntime.Tests.ServiceBus.LocalNamespace;

namespace ModelJobs.LocalRuntime.Tests.ServiceBus;

public sealed class DuplicateDetectionTests : IAsyncDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly LocalNamespace _ns = new(
        new QueueDefinition { Name = "q", RequiresDuplicateDetection = true, DuplicateDetectionHistoryTimeWindow = Window },
        new QueueDefinition { Name = "any" });

    public ValueTask DisposeAsync() => _ns.DisposeAsync();

    [Fact]
    public async Task SendMessage_SameIdWithinWindow_IsDroppedEvenAfterTheFirstWasCompleted()
    {
        await _ns.SendAsync("q", "a");
        await using var receiver = _ns.Client.CreateReceiver(
            "q", new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        Assert.Equal(["a"], (await receiver.TakeAsync(_ns)).Bodies());

        await _ns.SendAsync("q", "a", "b", "b");

        Assert.Equal(["b"], (await receiver.TakeAsync(_ns)).Bodies());
    }

    [Fact]
    public async Task SendMessage_SameIdAtTheWindowsEnd_IsANewMessage()
    {
        await _ns.SendAsync("q", "a");
        _ns.Time.Advance(Window - TimeSpan.FromTicks(1));
        await _ns.SendAsync("q", "a");
        Assert.Equal(1, _ns.Count("q").Active);

        _ns.Time.Advance(TimeSpan.FromTicks(1));
        await _ns.SendAsync("q", "a");

        Assert.Equal(2, _ns.Count("q").Active);
    }

    [Fact]
    public async Task ScheduleMessage_SameId_IsDroppedWithTheFirstOnesNumber()
    {
        await using var sender = _ns.Client.CreateSender("q");
        var due = _ns.Time.GetUtcNow().AddMinutes(1);
        var first = await sender.ScheduleMessageAsync(new ServiceBusMessage("1") { MessageId = "a" }, due, Cancel);

        var second = await sender.ScheduleMessageAsync(new ServiceBusMessage("2") { MessageId = "a" }, due, Cancel);

        Assert.Equal(first, second);
        Assert.Equal(1, _ns.Count("q").Scheduled);
    }

    [Fact]
    public async Task SendMessage_SameIdWithoutDetection_IsANewMessage()
    {
        await _ns.SendAsync("any", "a", "a");

        Assert.Equal(2, _ns.Count("any").Active);
    }
}
