using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Dispatch;

/// <summary>Chunks too large for a message, and more messages than a batch takes.</summary>
public sealed class DispatchPageSizeTests(StorageEmulator storage) : FlowTest(storage)
{
    [Fact]
    public async Task Run_LargeChunkOfNeighbours_PointsIntoTheInput()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2 });
        await dispatch.PlanAsync(
            [Samples.Item(0), Samples.Item(1), Samples.Item(2, filler: 40_000), Samples.Item(3, filler: 40_000), Samples.Item(4)]);

        await dispatch.RunAsync();

        var chunks = await dispatch.ChunksAsync(Queues.Chunks);
        Assert.Equal([null, DispatchBench.Input, null], chunks.Select(chunk => chunk.Blob?.Name));
        Assert.Equal([0, 1, 2, 3, 4], await dispatch.IndexesAsync(chunks));
        Assert.Empty(await Bench.ListAsync(JobBlobs.Page(Job, 0)));
    }

    [Fact]
    public async Task Run_LargeChunkOnALaterPage_PointsToItsPlaceInTheWholeInput()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 1 });
        await dispatch.PlanAsync([.. Enumerable.Range(0, 201).Select(i => Samples.Item(i, filler: i == 200 ? 100_000 : 0))]);

        await dispatch.RunAsync(page: 1);

        var chunk = Assert.Single(await dispatch.ChunksAsync(Queues.Chunks));
        Assert.Equal(DispatchBench.Input, chunk.Blob?.Name);
        Assert.Equal([200], await dispatch.IndexesAsync(chunk));
    }

    [Fact]
    public async Task Run_LargeChunksOfScatteredItems_ArePutTogetherInOneBlob()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { OrderByKey = true });
        await dispatch.PlanAsync([.. Enumerable.Range(0, 6).Select(i => Samples.Item(i, key: i % 2 == 0 ? "even" : "odd", filler: 30_000))]);

        await dispatch.RunAsync();

        var chunks = await dispatch.ChunksAsync(Queues.OrderedChunks);
        Assert.All(chunks, chunk => Assert.Equal(JobBlobs.PageChunks(Job, 0, dispatch: 0), chunk.Blob?.Name));
        Assert.Equal([[0, 2, 4], [1, 3, 5]], new[] { await dispatch.IndexesAsync(chunks[0]), await dispatch.IndexesAsync(chunks[1]) });
    }

    [Fact]
    public async Task Run_ItemLargerThanAChunk_TravelsAlone()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 10 });
        await dispatch.PlanAsync([Samples.Item(0), Samples.Item(1, filler: JobLimits.MaxChunkBytes), Samples.Item(2)]);

        await dispatch.RunAsync();

        var chunks = await dispatch.ChunksAsync(Queues.Chunks);
        Assert.Equal([1, 1, 1], chunks.Select(chunk => chunk.ItemCount));
        Assert.Equal([0, 1, 2], await dispatch.IndexesAsync(chunks));
    }

    [Fact]
    public async Task Run_MoreMessagesThanOneBatchTakes_SendsThemAllInOrder()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 1 });
        await dispatch.PlanAsync([.. Enumerable.Range(0, 40).Select(i => Samples.Item(i, filler: 60_000))]);

        await dispatch.RunAsync();

        var chunks = await dispatch.ChunksAsync(Queues.Chunks);
        Assert.All(chunks, chunk => Assert.Null(chunk.Blob));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (long)i), await dispatch.IndexesAsync(chunks));
    }
}
