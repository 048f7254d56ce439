using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Tests.Collect;
using ModelJobs.Functions.Tests.Dispatch;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Recover;

/// <summary>Where the items of a page that stands still can be. The page has six items, two in a chunk.</summary>
public sealed class FindLostItemsTests(StorageEmulator storage) : FlowTest(storage)
{
    private const int Items = 6;
    private CollectOrder? _order;

    private CollectBench Page => field ??= new CollectBench(Bench);

    private CollectOrder Order => _order!;

    [Fact]
    public async Task Run_EveryChunkIsInItsQueue_FindsNoneLost()
    {
        await DispatchAsync();

        Assert.Empty(await LostAsync());
    }

    [Fact]
    public async Task Run_ChunkIsBeingRun_IsNotLost()
    {
        await DispatchAsync();
        await using var worker = Bench.Client.CreateReceiver(Queues.Chunks);
        Assert.Equal(3, (await worker.ReceiveMessagesAsync(10, cancellationToken: Token).BoundedAsync()).Count);

        Assert.Empty(await LostAsync());
    }

    [Fact]
    public async Task Run_ChunkIsNowhere_FindsItsItems()
    {
        await DispatchAsync();
        await TakeAsync(Queues.Chunks, 1);

        Assert.Equal([0, 1], await LostAsync());
    }

    [Fact]
    public async Task Run_ChunkAnswered_IsNotLostBeforeNorAfterTheAnswerIsCollected()
    {
        await DispatchAsync();
        await TakeAsync(Queues.Chunks, 1);
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));

        var before = await LostAsync();
        await Page.RunAsync(Order with { DrainOnly = true });
        var after = await LostAsync();

        Assert.Empty(before);
        Assert.Empty(after);
    }

    [Fact]
    public async Task Run_ChunkAnsweredInPart_FindsTheRest()
    {
        await DispatchAsync();
        await TakeAsync(Queues.Chunks, 2);
        await Page.AnswerAsync(0, Samples.Succeeded(1));
        await Page.AnswerAsync(1, Samples.Succeeded(2, filler: 70_000), Samples.Succeeded(3));

        Assert.Equal([0], await LostAsync());
    }

    [Fact]
    public async Task Run_ChunkIsDeadLettered_IsNotLost()
    {
        await DispatchAsync();
        await using var worker = Bench.Client.CreateReceiver(Queues.Chunks);
        var chunk = await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
        await worker.DeadLetterMessageAsync(chunk!, "Broken", cancellationToken: Token);

        Assert.Empty(await LostAsync());
    }

    [Fact]
    public async Task Run_OnlyAPieceIsLeft_FindsTheOthers()
    {
        await DispatchAsync();
        var chunk = (await ChunksAsync())[0];
        await TakeAsync(Queues.Chunks, 1);
        var piece = chunk with { Items = [chunk.Items![1]], Only = [1], ItemCount = 1 };
        var body = JsonSerializer.SerializeToUtf8Bytes(piece, ContractsJson.Wire.ChunkMessage);
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage(body)
        {
            MessageId = "piece",
            CorrelationId = chunk.Id.ToString(),
            ScheduledEnqueueTime = Bench.Time.GetUtcNow().AddMinutes(5),
        });

        Assert.Equal([0], await LostAsync());
    }

    [Fact]
    public async Task Run_ChunkTooLargeToTravelIsNowhere_FindsItsItems()
    {
        await DispatchAsync(filler: 40_000);
        var before = await LostAsync();
        await TakeAsync(Queues.Chunks, 1);

        Assert.Empty(before);
        Assert.Equal([0, 1], await LostAsync());
    }

    [Fact]
    public async Task Run_ChunksOfAnOlderEpoch_AreAsGoodAsLost()
    {
        await DispatchAsync();

        Assert.Equal(Enumerable.Range(0, Items), await LostAsync(Order with { Epoch = 1 }));
    }

    [Fact]
    public async Task Run_ChunksOfAnotherPage_AreNotThisOnes()
    {
        await DispatchAsync();
        await TakeAsync(Queues.Chunks, 3);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ChunkMessage { Id = Samples.Chunk(0, page: 1), Model = "m", ItemCount = 1, Items = [Samples.Item(0)] }, ContractsJson.Wire.ChunkMessage);
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage(body) { MessageId = "other", CorrelationId = Samples.Chunk(0, page: 1).ToString() });
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage("nonsense") { MessageId = "bad", CorrelationId = Samples.Chunk(0).ToString() });

        Assert.Equal(Enumerable.Range(0, Items), await LostAsync());
    }

    [Fact]
    public async Task Run_Lanes_LooksIntoTheirQueue()
    {
        await DispatchAsync(options: new JobOptions { ChunkItems = 2, MaxConcurrency = 2 });

        Assert.Empty(await LostAsync());
        await using var lane = await Bench.Client.AcceptSessionAsync(Queues.OrderedChunks, Queues.LaneSession(Job, 1), cancellationToken: Token);
        await lane.CompleteMessageAsync((await lane.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync())!, Token);

        Assert.Equal([2, 3], await LostAsync());
    }

    [Fact]
    public async Task Run_ShortWay_LooksIntoItsQueue()
    {
        await DispatchAsync(express: true);

        Assert.Empty(await LostAsync());
        await TakeAsync(Queues.ExpressChunks, 1);

        Assert.Equal([0, 1], await LostAsync());
    }

    [Fact]
    public async Task Run_OrderedJobWithItemsWithoutAKey_LooksIntoTheirQueueToo()
    {
        await DispatchAsync(options: new JobOptions { ChunkItems = 2, OrderByKey = true });

        Assert.Empty(await LostAsync());
        await TakeAsync(Queues.Chunks, 1);

        Assert.Equal([0, 1], await LostAsync());
    }

    private async Task DispatchAsync(int filler = 0, JobOptions? options = null, bool express = false)
    {
        options ??= new JobOptions { ChunkItems = 2 };
        var dispatch = new DispatchBench(Bench, options);
        await dispatch.PlanAsync([.. Enumerable.Range(0, Items).Select(i => Samples.Item(i, filler: filler))]);
        var report = await dispatch.RunAsync(dispatch.Order() with { Express = express });
        _order = new CollectOrder(Job, report.Page, DispatchBench.Input, options) { Express = express };
    }

    private Task<List<ChunkMessage>> ChunksAsync() => new DispatchBench(Bench, Order.Options).ChunksAsync(Queues.Chunks);

    private async Task TakeAsync(string queue, int messages)
    {
        await using var receiver = Bench.Client.CreateReceiver(queue);
        for (var i = 0; i < messages; i++)
        {
            await receiver.CompleteMessageAsync((await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync())!, Token);
        }
    }

    private async Task<IEnumerable<int>> LostAsync(CollectOrder? order = null)
    {
        var find = new FindLostItems(Bench.Client, Page.Parts, Page.Scopes, Bench.Blobs, NullLogger<FindLostItems>.Instance);
        var lost = await find.Run(order ?? Order, Token).BoundedAsync();
        var positions = ItemSet.FromBytes(lost.Bits.Span).Positions.ToList();
        Assert.Equal(lost.Count, positions.Count);
        return positions;
    }
}
