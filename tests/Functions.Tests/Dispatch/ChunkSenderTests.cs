using Azure.Messaging.ServiceBus;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Telemetry;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Dispatch;

public sealed class ChunkSenderTests
{
    [Fact]
    public async Task SendAsync_TwoPagesAtOnce_SendsTheFirstToItsEndBeforeTheSecond()
    {
        await using var queue = new HeldSender();
        using var sender = SenderTo(queue);

        var first = sender.SendAsync([new ServiceBusMessage("first")], Queues.Chunks, TestContext.Current.CancellationToken);
        var second = sender.SendAsync([new ServiceBusMessage("second")], Queues.Chunks, TestContext.Current.CancellationToken);
        var sentWhileHeld = queue.Batches;
        queue.LetGo();
        await Task.WhenAll(first, second).BoundedAsync();

        Assert.Equal((1, 2), (sentWhileHeld, queue.Batches));
    }

    [Fact]
    public async Task SendAsync_PageThatGoesTheShortWay_DoesNotWaitForOthers()
    {
        await using var queue = new HeldSender();
        using var sender = SenderTo(queue);

        var first = sender.SendAsync([new ServiceBusMessage("first")], Queues.Chunks, TestContext.Current.CancellationToken);
        var second = sender.SendAsync([new ServiceBusMessage("second")], Queues.ExpressChunks, TestContext.Current.CancellationToken);
        var sentWhileHeld = queue.Batches;
        queue.LetGo();
        await Task.WhenAll(first, second).BoundedAsync();

        Assert.Equal(2, sentWhileHeld);
    }

    [Fact]
    public async Task TakeTurn_SecondIsReadyFirst_WaitsForTheFirst()
    {
        await using var queue = new HeldSender();
        using var sender = SenderTo(queue);
        queue.LetGo();
        var first = sender.TakeTurn(Queues.Chunks, TestContext.Current.CancellationToken);
        using var second = sender.TakeTurn(Queues.Chunks, TestContext.Current.CancellationToken);

        var ready = second.SendAsync([new ServiceBusMessage("second")], TestContext.Current.CancellationToken);
        var sentBefore = queue.Batches;
        // The first has nothing to send after all.
        first.Dispose();
        await ready.BoundedAsync();

        Assert.Equal((0, 1), (sentBefore, queue.Batches));
    }

    [Fact]
    public async Task SendAsync_PageBeforeFailed_SendsTheNext()
    {
        await using var queue = new HeldSender();
        using var sender = SenderTo(queue);
        queue.LetGo(new ServiceBusException("The queue is full.", ServiceBusFailureReason.QuotaExceeded));
        await Assert.ThrowsAsync<ServiceBusException>(
            () => sender.SendAsync([new ServiceBusMessage("first")], Queues.Chunks, TestContext.Current.CancellationToken));

        await Assert.ThrowsAsync<ServiceBusException>(
            () => sender.SendAsync([new ServiceBusMessage("second")], Queues.Chunks, TestContext.Current.CancellationToken).BoundedAsync());

        Assert.Equal(2, queue.Batches);
    }

    private static ChunkSender SenderTo(HeldSender queue)
    {
        var sender = new QueueSender(queue, new MessagingMetrics(new Meters()));
        return new ChunkSender(sender, sender, sender, sender);
    }

    /// <summary>A queue that takes batches and accepts them when it is told to.</summary>
    private sealed class HeldSender : ServiceBusSender
    {
        private const int BatchBytes = 1024;

        private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Batches { get; private set; }

        public void LetGo() => _accepted.SetResult();

        public void LetGo(Exception refusal) => _accepted.SetException(refusal);

        public override ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(new ServiceBusMessageBatch(BatchBytes));

        public override Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default)
        {
            Batches++;
            return _accepted.Task;
        }
    }
}
