using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Tests.Process;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Recover;

public sealed class RecoverDeadLetterTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Chunks => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task RecoverChunk_GivenUp_AnswersForItsItemsWithTheReason()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(2, items: [Samples.Item(4), Samples.Item(5)]));
        await DeadLetterAsync("MaxDeliveryCountExceeded", "Five times was enough.");

        await RecoverChunkAsync();

        var answer = Assert.Single(await Chunks.AnswersAsync());
        Assert.Equal(Samples.Chunk(2), answer.Id);
        Assert.Equal([4, 5], answer.Results!.Select(result => result.Index));
        Assert.All(
            answer.Results!,
            result => Assert.Equal((ItemStatus.Failed, "dead_lettered", 0), (result.Status, result.Error?.Code, result.Attempts)));
        Assert.Contains("MaxDeliveryCountExceeded. Five times was enough.", answer.Results![0].Error!.Message, StringComparison.Ordinal);
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks + Queues.DeadLetter));
    }

    [Fact]
    public async Task RecoverChunk_HadAnsweredBeforeItWasGivenUp_KeepsThatAnswer()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        await Bench.Results.SendAsync(Samples.Chunk(0), [Samples.Succeeded(0)], Token);
        await DeadLetterAsync("MaxDeliveryCountExceeded");

        await RecoverChunkAsync();

        Assert.Equal(ItemStatus.Succeeded, Assert.Single(Assert.Single(await Chunks.AnswersAsync()).Results!).Status);
    }

    [Fact]
    public async Task RecoverChunk_ItemsInStorage_AnswersForThem()
    {
        var lines = Samples.Lines([Samples.Item(0), Samples.Item(1)]);
        await Bench.StoreAsync("input", lines);
        await Chunks.SendAsync(ProcessBench.Chunk() with { ItemCount = 2, Items = null, Blob = new BlobRange("input", 0, lines.Length) });
        await DeadLetterAsync("MaxDeliveryCountExceeded");

        await RecoverChunkAsync();

        Assert.Equal([0, 1], Assert.Single(await Chunks.AnswersAsync()).Results!.Select(result => result.Index));
    }

    [Fact]
    public async Task RecoverOrderedChunk_GivenUp_GoesBackIntoItsLaneMarkedAsFailed()
    {
        var chunk = ProcessBench.LaneChunk(1, last: true);
        await Chunks.SendAsync(chunk);
        await DeadLetterFromLaneAsync("MaxDeliveryCountExceeded");

        await RecoverOrderedChunkAsync();

        Assert.Empty(await Chunks.AnswersAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks + Queues.DeadLetter));
        var message = Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));
        Assert.Equal((Queues.LaneSession(Job, ProcessBench.Lane), chunk.Id.ToString()), (message.SessionId, message.CorrelationId));
        var failed = ChunkItems.Read(message);
        Assert.Equal((chunk.Id, chunk.Lane, "dead_lettered"), (failed.Id, failed.Lane, failed.Failed?.Code));
    }

    [Fact]
    public async Task RecoverOrderedChunk_GivenUp_LetsItsLaneMoveOn()
    {
        await Chunks.SendAsync(ProcessBench.LaneChunk(1));
        await Chunks.SendAsync(ProcessBench.LaneChunk(2));
        await DeadLetterFromLaneAsync("MaxDeliveryCountExceeded");

        await Chunks.ProcessLaneAsync();
        await RecoverOrderedChunkAsync();
        await Chunks.ProcessLaneAsync();
        Bench.Time.Advance(Bench.Settings.LaneHold);
        await Chunks.ProcessLaneAsync();

        Assert.Equal(
            [(Samples.Chunk(0), ItemStatus.Failed), (Samples.Chunk(1), ItemStatus.Succeeded)],
            (await Chunks.AnswersAsync()).Select(answer => (answer.Id, answer.Results![0].Status)));
        Assert.Equal(2, await Chunks.FinishedAsync());
    }

    [Fact]
    public async Task RecoverOrderedChunk_FailedMarkerGivenUpToo_IsParked()
    {
        var marker = ProcessBench.LaneChunk(1) with { Failed = new JobError("dead_lettered", "It was given up.") };
        await Chunks.SendAsync(marker);
        await DeadLetterFromLaneAsync("MaxDeliveryCountExceeded");

        await RecoverOrderedChunkAsync();

        Assert.Equal(Job, Assert.Single(await Bench.PeekAsync(Queues.Parked)).SessionId);
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks + Queues.DeadLetter));
    }

    [Theory]
    [InlineData("job-0123456789abcdef0123456789abcdef/0/0", "job-0123456789abcdef0123456789abcdef")]
    [InlineData("job-1/0/0", "unknown")]
    [InlineData("", "unknown")]
    [InlineData(null, "unknown")]
    public async Task RecoverChunk_Unreadable_IsParkedUnderItsJob(string? correlation, string session)
    {
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage("not json") { MessageId = "stray", CorrelationId = correlation });
        await DeadLetterAsync("UnreadableChunk");

        await RecoverChunkAsync();

        var parked = Assert.Single(await Bench.PeekAsync(Queues.Parked));
        Assert.Equal(("stray", session, "not json"), (parked.MessageId, parked.SessionId, parked.Body.ToString()));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks + Queues.DeadLetter));
    }

    [Fact]
    public async Task RecoverChunk_CorrelationTooLongForASession_IsParked()
    {
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage("not json") { MessageId = "stray", CorrelationId = new string('x', 500) });
        await DeadLetterAsync("UnreadableChunk");

        await RecoverChunkAsync();

        Assert.Single(await Bench.PeekAsync(Queues.Parked));
    }

    [Theory]
    [InlineData("gone", 0)]
    [InlineData("short", 100)]
    public async Task RecoverChunk_StoredItemsAreGone_IsParked(string blob, long offset)
    {
        await Bench.StoreAsync("short", Samples.Lines([Samples.Item(0)]).AsMemory(0, 10));
        await Chunks.SendAsync(ProcessBench.Chunk() with { ItemCount = 1, Items = null, Blob = new BlobRange(blob, offset, 20) });
        await DeadLetterAsync("MaxDeliveryCountExceeded");

        await RecoverChunkAsync();

        Assert.Equal(Job, Assert.Single(await Bench.PeekAsync(Queues.Parked)).SessionId);
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks + Queues.DeadLetter));
    }

    [Fact]
    public async Task RecoverChunk_NoItemsToAnswerFor_IsParked()
    {
        await Chunks.SendAsync(ProcessBench.Chunk() with { ItemCount = 1 });
        await DeadLetterAsync("UnreadableChunk");

        await RecoverChunkAsync();

        Assert.Equal(Job, Assert.Single(await Bench.PeekAsync(Queues.Parked)).SessionId);
        Assert.Empty(await Chunks.AnswersAsync());
    }

    private async Task DeadLetterAsync(string reason, string description = "")
    {
        await using var receiver = Bench.Client.CreateReceiver(Queues.Chunks);
        await DeadLetterNextAsync(receiver, reason, description);
    }

    private async Task DeadLetterFromLaneAsync(string reason)
    {
        await using var session = await Bench.Client.AcceptSessionAsync(
            Queues.OrderedChunks, Queues.LaneSession(Job, ProcessBench.Lane), cancellationToken: Token);
        await DeadLetterNextAsync(session, reason, "");
    }

    private static async Task DeadLetterNextAsync(ServiceBusReceiver receiver, string reason, string description)
    {
        var message = await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
        await receiver.DeadLetterMessageAsync(message!, reason, description, Token);
    }

    private Task RecoverChunkAsync() => RecoverAsync(Queues.Chunks, recover => recover.RecoverChunk);

    private Task RecoverOrderedChunkAsync() => RecoverAsync(Queues.OrderedChunks, recover => recover.RecoverOrderedChunk);

    private async Task RecoverAsync(
        string queue, Func<RecoverDeadLetter, Func<ServiceBusReceivedMessage, ServiceBusMessageActions, CancellationToken, Task>> function)
    {
        await using var receiver = Bench.Client.CreateReceiver(queue + Queues.DeadLetter);
        var message = await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
        var recover = new RecoverDeadLetter(
            Chunks.Items, Bench.Results, Bench.Chunks, Bench.Client.CreateSender(Queues.Parked), NullLogger<RecoverDeadLetter>.Instance);
        await function(recover)(message!, new ServiceBusMessageActions(receiver), Token).BoundedAsync();
    }
}
