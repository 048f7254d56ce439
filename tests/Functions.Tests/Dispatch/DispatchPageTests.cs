using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Dispatch;

public sealed class DispatchPageTests(StorageEmulator storage) : FlowTest(storage)
{
    private readonly List<ChunkItem> _fiveItems = [.. Enumerable.Range(0, 5).Select(i => Samples.Item(i, key: "same"))];

    [Fact]
    public async Task Run_WithoutOrder_SendsChunksOfTheInputToCompetingConsumers()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2 });
        await dispatch.PlanAsync(_fiveItems);

        var report = await dispatch.RunAsync();

        Assert.Equal((5, 0, OpenItems.None), (report.Page.Items, report.LaneChunks.Count, report.Reopened));
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
        var chunks = await dispatch.ChunksAsync(Queues.Chunks);
        Assert.Equal([2, 2, 1], chunks.Select(chunk => chunk.ItemCount));
        Assert.Equal([0, 1, 2, 3, 4], await dispatch.IndexesAsync(chunks));
        Assert.All(chunks, chunk => Assert.True(chunk is { Model: DispatchBench.Model, Lane: null, Blob: null, Epoch: 0 }));
    }

    [Fact]
    public async Task Run_PlanTravelsWithTheJob_SendsThePageAndStoresThePlanWithTheFirst()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2 });
        var lines = Samples.Lines(_fiveItems);
        await Bench.StoreAsync(DispatchBench.Input, lines);
        var firstBytes = Samples.Lines([.. _fiveItems.Take(3)]).Length;
        PagePlan[] pages = [new(0, 0, firstBytes, 0, 3), new(1, firstBytes, lines.Length - firstBytes, 3, 2)];

        var later = await dispatch.RunAsync(dispatch.Order(page: 1) with { Pages = pages });
        Assert.Empty(await Bench.ListAsync(JobBlobs.Plan(Job)));
        var first = await dispatch.RunAsync(dispatch.Order() with { Pages = pages });

        Assert.Equal((pages[1], pages[0]), (later.Page, first.Page));
        Assert.Equal([3, 4, 0, 1, 2], await dispatch.IndexesAsync(await dispatch.ChunksAsync(Queues.Chunks)));
        Assert.Equal((pages[0], pages[1]), (await PagePlan.ReadAsync(Bench.Blobs, Job, 0, Token), await PagePlan.ReadAsync(Bench.Blobs, Job, 1, Token)));
    }

    [Fact]
    public async Task Run_WithoutOrder_AddressesChunksByTheirIdsAndAnswersToTheirPage()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 3 });
        await dispatch.PlanAsync(_fiveItems);

        await dispatch.RunAsync();

        Assert.Equal(
            [($"{Job}/0/0", $"{Job}/0/0", "results", $"{Job}/0", null), ($"{Job}/0/1", $"{Job}/0/1", "results", $"{Job}/0", null)],
            (await Bench.PeekAsync(Queues.Chunks)).Select(DispatchBench.Address));
    }

    [Fact]
    public async Task Run_ShortWay_SendsChunksThatSayTheirPriority()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 3, Priority = JobPriority.High });
        await dispatch.PlanAsync(_fiveItems);

        await dispatch.RunAsync(dispatch.Order() with { Express = true });

        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
        var chunks = await dispatch.ChunksAsync(Queues.ExpressChunks);
        Assert.Equal([0, 1, 2, 3, 4], await dispatch.IndexesAsync(chunks));
        Assert.All(chunks, chunk => Assert.Equal((true, JobPriority.High), (chunk.Express, chunk.Priority)));
    }

    [Fact]
    public async Task Run_External_SendsChunksThatTellAWorkerAllItNeeds()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 3 });
        await dispatch.PlanAsync(_fiveItems);

        await dispatch.RunAsync(external: true);

        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
        var messages = await Bench.PeekAsync(Queues.ExternalChunks);
        Assert.Equal(
            [($"{Job}/0/0", $"{Job}/0/0", "results", $"{Job}/0", null), ($"{Job}/0/1", $"{Job}/0/1", "results", $"{Job}/0", null)],
            messages.Select(DispatchBench.Address));
        Assert.All(messages, message => Assert.Equal(("application/json", 1), (message.ContentType, message.ApplicationProperties["modeljobs-contract"])));
        var chunks = await dispatch.ChunksAsync(Queues.ExternalChunks);
        Assert.Equal([0, 1, 2, 3, 4], await dispatch.IndexesAsync(chunks));
        Assert.Equal([$"{Job}/pages/000000/result-00000-", $"{Job}/pages/000000/result-00001-"], chunks.Select(chunk => chunk.AnswerBlob));
    }

    [Fact]
    public async Task Run_OrderedByKey_SendsTheKeysLaneInSequenceAndMarksItsLastChunk()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2, OrderByKey = true });
        await dispatch.PlanAsync(_fiveItems);
        var lane = Lanes.OfKey("same", JobLimits.MaxLanes);

        await dispatch.RunAsync();

        var chunks = await dispatch.ChunksAsync(Queues.OrderedChunks);
        Assert.Equal(
            [new LanePlace(lane, 1, Last: false, ByKey: true), new LanePlace(lane, 2, Last: false, ByKey: true), new LanePlace(lane, 3, Last: true, ByKey: true)],
            chunks.Select(chunk => chunk.Lane));
        Assert.Equal([0, 1, 2, 3, 4], await dispatch.IndexesAsync(chunks));
        Assert.All(await Bench.PeekAsync(Queues.OrderedChunks), message => Assert.Equal($"{Job}/{lane}", message.SessionId));
    }

    [Fact]
    public async Task Run_OrderedByKey_SendsItemsWithoutKeyToCompetingConsumers()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { OrderByKey = true });
        await dispatch.PlanAsync([Samples.Item(0, "a"), Samples.Item(1), Samples.Item(2, "b"), Samples.Item(3)]);

        await dispatch.RunAsync();

        var ordered = await dispatch.ChunksAsync(Queues.OrderedChunks);
        var unordered = await dispatch.ChunksAsync(Queues.Chunks);
        Assert.Equal([1, 3], await dispatch.IndexesAsync(unordered));
        Assert.Equal([0, 2], (await dispatch.IndexesAsync(ordered)).Order());
        Assert.All(ordered, chunk => Assert.True(chunk.Lane is { Sequence: 1, Last: true }));
        Assert.Equal([0, 1, 2], unordered.Concat(ordered).Select(chunk => chunk.Id.Chunk).Order());
    }

    [Fact]
    public async Task Run_SecondPage_NumbersTheLanesOnFromThePageBefore()
    {
        // Chunks of one item make pages of 200.
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 1, OrderByKey = true });
        await dispatch.PlanAsync([.. Enumerable.Range(0, 203).Select(i => Samples.Item(i, key: i % 2 == 0 ? "even" : "odd"))]);
        var (even, odd) = (Lanes.OfKey("even", JobLimits.MaxLanes), Lanes.OfKey("odd", JobLimits.MaxLanes));

        var first = await dispatch.RunAsync(page: 0);
        var second = await dispatch.RunAsync(page: 1, first.LaneChunks);

        Assert.NotEqual(even, odd);
        Assert.Equal((100, 100), (first.LaneChunks[even], first.LaneChunks[odd]));
        Assert.Equal((102, 101), (second.LaneChunks[even], second.LaneChunks[odd]));
        var chunks = await dispatch.ChunksAsync(Queues.OrderedChunks);
        Assert.Equal(Enumerable.Range(1, 102).Select(i => (long)i), Sequences(even));
        Assert.Equal(Enumerable.Range(1, 101).Select(i => (long)i), Sequences(odd));
        Assert.Equal(
            [(0, 100L), (0, 100L), (1, 101L), (1, 102L)],
            chunks.Where(chunk => chunk.Lane!.Last).Select(chunk => (chunk.Id.Page, chunk.Lane!.Sequence)).Order());

        IEnumerable<long> Sequences(int lane) => chunks.Where(chunk => chunk.Lane!.Number == lane).Select(chunk => chunk.Lane!.Sequence);
    }

    [Fact]
    public async Task Run_LimitOnConcurrency_SpreadsChunksOverSoManyLanes()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 1, MaxConcurrency = 2 });
        await dispatch.PlanAsync(_fiveItems);

        var report = await dispatch.RunAsync();

        Assert.Equal([3, 2], report.LaneChunks);
        Assert.Equal(
            [(0, 1L, false), (1, 1L, false), (0, 2L, false), (1, 2L, true), (0, 3L, true)],
            (await dispatch.ChunksAsync(Queues.OrderedChunks)).Select(chunk => (chunk.Lane!.Number, chunk.Lane.Sequence, chunk.Lane.Last)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_Again_SendsNothingNew(bool orderByKey)
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2, OrderByKey = orderByKey });
        await dispatch.PlanAsync(_fiveItems);
        var queue = orderByKey ? Queues.OrderedChunks : Queues.Chunks;

        var first = await dispatch.RunAsync();
        var sent = await Bench.PeekIdsAsync(queue);
        var second = await dispatch.RunAsync();

        Assert.Equal(sent, await Bench.PeekIdsAsync(queue));
        Assert.Equal(first.LaneChunks, second.LaneChunks);
    }

    [Fact]
    public async Task Run_AgainAfterDuplicatesAreForgotten_SendsTheSameMessagesInTheSameOrder()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2, OrderByKey = true });
        await dispatch.PlanAsync([.. Enumerable.Range(0, 20).Select(i => Samples.Item(i, key: i % 3 == 0 ? null : $"k{i % 5}", filler: 40_000))]);

        await dispatch.RunAsync();
        Bench.Time.Advance(TimeSpan.FromMinutes(11));
        await dispatch.RunAsync();

        foreach (var queue in new[] { Queues.Chunks, Queues.OrderedChunks })
        {
            var bodies = (await Bench.PeekAsync(queue)).Select(message => message.Body.ToString()).ToList();
            Assert.Equal(bodies.Take(bodies.Count / 2), bodies.Skip(bodies.Count / 2));
        }

        Assert.Single(await Bench.ListAsync(JobBlobs.Page(Job, 0)));
    }
}
