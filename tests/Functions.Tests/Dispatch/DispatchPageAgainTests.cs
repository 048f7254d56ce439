using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Dispatch;

/// <summary>Pages that are dispatched again: because the job goes on in another epoch, because items were lost, or for a redrive.</summary>
public sealed class DispatchPageAgainTests(StorageEmulator storage) : FlowTest(storage)
{
    private const int Items = 6;
    private static readonly int Epoch1 = DispatchNumber.Of(epoch: 1);

    private DispatchBench Page => field ??= new DispatchBench(Bench, new JobOptions { ChunkItems = 2 });

    private PageParts Parts => field ??= new PageParts(Bench.Blobs);

    [Fact]
    public async Task Run_InAnotherEpoch_SendsOnlyWhatIsUnansweredUnderNewIds()
    {
        await PlanAsync();
        await CommitAsync(round: 0, Samples.Succeeded(0), Samples.Failed(3));

        await Page.RunAsync(Page.Order() with { Epoch = 1, Dispatch = Epoch1 });

        var chunks = await Page.ChunksAsync(Queues.Chunks);
        Assert.Equal([1, 2, 4, 5], await Page.IndexesAsync(chunks));
        Assert.Equal([1_000_000, 1_000_001], chunks.Select(chunk => chunk.Id.Chunk));
        Assert.All(chunks, chunk => Assert.Equal(1, chunk.Epoch));
    }

    [Fact]
    public async Task Run_AgainAfterMoreHasAnswered_SendsWhatItSentBefore()
    {
        await PlanAsync();
        var order = Page.Order() with { Epoch = 1, Dispatch = Epoch1 };
        await Page.RunAsync(order);
        var sent = await Bench.PeekIdsAsync(Queues.Chunks);
        await CommitAsync(round: 0, Samples.Succeeded(0));
        Bench.Time.Advance(TimeSpan.FromMinutes(11));

        await Page.RunAsync(order);

        Assert.Equal([.. sent, .. sent], await Bench.PeekIdsAsync(Queues.Chunks));
        Assert.Equal([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], await Page.IndexesAsync(await Page.ChunksAsync(Queues.Chunks)));
    }

    [Fact]
    public async Task Run_OfLostItems_SendsThoseOfThemThatAreUnanswered()
    {
        await PlanAsync();
        await CommitAsync(round: 0, Samples.Succeeded(2));

        await Page.RunAsync(Page.Order() with { Dispatch = 1, Lost = ItemSet.Of([1, 2, 5]).ToBytes() });

        Assert.Equal([1, 5], await Page.IndexesAsync(await Page.ChunksAsync(Queues.Chunks)));
    }

    [Fact]
    public async Task Run_EverythingHasAnswered_SendsNothing()
    {
        await PlanAsync();
        await CommitAsync(round: 0, [.. Enumerable.Range(0, Items).Select(i => Samples.Succeeded(i))]);

        var report = await Page.RunAsync(Page.Order() with { Epoch = 1, Dispatch = Epoch1 });

        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
        Assert.Equal(Items, report.Page.Items);
    }

    [Fact]
    public async Task Run_RedriveOfAll_SendsWhatHasNotSucceeded()
    {
        await PlanAsync();
        await CommitAsync(round: 0, [.. Enumerable.Range(0, 3).Select(i => Samples.Succeeded(i)), Samples.Failed(3), Canceled(4), Discarded(5)]);

        var report = await Page.RunAsync(await RedriveAsync(new RedriveSelection(null, null)));

        Assert.Equal([3, 4], await Page.IndexesAsync(await Page.ChunksAsync(Queues.Chunks)));
        Assert.Equal(new OpenItems(Failed: 1, Canceled: 1), report.Reopened);
    }

    [Fact]
    public async Task Run_RedriveBySelection_SendsItems_ThatMatchEachList()
    {
        await PlanAsync();
        await CommitAsync(round: 0, [.. Enumerable.Range(0, 4).Select(i => Samples.Failed(i)), Canceled(4), Canceled(5)]);
        var selection = new RedriveSelection(["canceled"], ["i1", "i5"]);

        var report = await Page.RunAsync(await RedriveAsync(selection));

        Assert.Equal([5], await Page.IndexesAsync(await Page.ChunksAsync(Queues.Chunks)));
        Assert.Equal(new OpenItems(Failed: 0, Canceled: 1), report.Reopened);
    }

    [Fact]
    public async Task Run_RedriveAfterARedrive_LooksAtTheLatestLines()
    {
        await PlanAsync();
        await CommitAsync(round: 0, [.. Enumerable.Range(0, Items).Select(i => Samples.Failed(i))]);
        await CommitAsync(Epoch1, Samples.Succeeded(0), Samples.Failed(1));
        var order = Page.Order() with { Epoch = 2, Round = DispatchNumber.Of(2), Dispatch = DispatchNumber.Of(2) };

        await Page.RunAsync(order);

        Assert.Equal([1, 2, 3, 4, 5], await Page.IndexesAsync(await Page.ChunksAsync(Queues.Chunks)));
    }

    [Fact]
    public async Task Run_RedriveThatWasInterrupted_SendsWhatItHasNotAnswered()
    {
        await PlanAsync();
        await CommitAsync(round: 0, [.. Enumerable.Range(0, Items).Select(i => i < 3 ? Samples.Failed(i) : Samples.Succeeded(i))]);
        var order = await RedriveAsync(new RedriveSelection(null, null));
        await Page.RunAsync(order);
        await CommitAsync(order.Round, Samples.Succeeded(1));
        await Bench.DrainAsync(Queues.Chunks);

        await Page.RunAsync(order with { Epoch = 2, Dispatch = DispatchNumber.Of(2) });

        Assert.Equal([0, 2], await Page.IndexesAsync(await Page.ChunksAsync(Queues.Chunks)));
    }

    [Fact]
    public async Task Discard_OfSelectedItems_KeepsTheirErrorsAndClosesThem()
    {
        await PlanAsync();
        await CommitAsync(round: 0, [.. Enumerable.Range(0, Items).Select(i => i < 2 ? Samples.Failed(i) : Samples.Succeeded(i))]);
        var order = await RedriveAsync(new RedriveSelection(null, ["i1"]));
        var parked = new ParkedItems(Bench.Blobs, Parts);
        var discard = new DiscardPage(Bench.Blobs, new RoundScopes(Bench.Blobs, new PageScopes(Bench.Blobs), Parts, parked), parked, Parts);
        var discardOrder = new DiscardOrder(Job, 0, order.Round, order.Redrive!);

        var first = await discard.Run(discardOrder, Token);
        var again = await discard.Run(discardOrder, Token);

        Assert.Equal(new OpenItems(Failed: 1, Canceled: 0), first.Discarded);
        Assert.Equal(first, again);
        var left = await parked.LinesAsync(Job, 0, int.MaxValue, Token).ToListAsync(Token);
        Assert.Equal(["i0"], left.Select(item => item.Id));
        Assert.Contains("\"status\":\"discarded\"", await Bench.ReadTextAsync(JobBlobs.PagePart(Job, 0, order.Round, 0)), StringComparison.Ordinal);
        Assert.Contains("It was bad.", await Bench.ReadTextAsync(JobBlobs.PagePart(Job, 0, order.Round, 0)), StringComparison.Ordinal);
    }

    private static ItemResult Canceled(long index) =>
        Samples.Failed(index) with { Status = ItemStatus.Canceled, Error = new JobError("canceled", "The job was canceled.") };

    private static ItemResult Discarded(long index) => Samples.Failed(index) with { Status = ItemStatus.Discarded };

    private Task PlanAsync() => Page.PlanAsync([.. Enumerable.Range(0, Items).Select(i => Samples.Item(i))]);

    private async Task CommitAsync(int round, params ItemResult[] lines)
    {
        var plan = await PagePlan.ReadAsync(Bench.Blobs, Job, 0, Token);
        var tally = await Parts.ReadTallyAsync(Job, 0, round, ItemSet.First(Items), Token);
        await Parts.CommitAsync(Job, plan, round, tally, lines, Token);
    }

    private async Task<DispatchOrder> RedriveAsync(RedriveSelection selection)
    {
        await Bench.StoreAsync(JobBlobs.Redrive(Job, 1), selection.Write().ToMemory());
        return Page.Order() with { Epoch = 1, Round = Epoch1, Dispatch = Epoch1, Redrive = JobBlobs.Redrive(Job, 1) };
    }
}
