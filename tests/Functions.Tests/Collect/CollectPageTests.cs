using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

public sealed class CollectPageTests(StorageEmulator storage) : FlowTest(storage)
{
    private CollectBench Page => field ??= new CollectBench(Bench);

    [Fact]
    public async Task Run_EveryChunkHasAnswered_CommitsOnePartInInputOrderAndCompletesTheMessages()
    {
        await Page.AnswerAsync(1, Samples.Succeeded(2), Samples.Failed(3));
        await Page.AnswerAsync(0, Samples.Succeeded(1), Samples.Succeeded(0));

        var report = await Page.RunAsync(CollectBench.Order(items: 4));

        Assert.Equal(new PageReport(0, Succeeded: 3, Failed: 1, Canceled: 0, Complete: true), report);
        Assert.Single(await Page.PartsAsync());
        Assert.Equal([0, 1, 2, 3], await Page.PartIndexesAsync(0));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_ChunkAnswersTwiceInOnePart_CountsTheFirstAnswer()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await ForgetAnswersAsync();
        await Page.AnswerAsync(0, Samples.Failed(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Equal([0, 1], await Page.PartIndexesAsync(0));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_ChunkAnswersAgainAfterItsPart_CountsItOnce()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await Page.RunAsync(CollectBench.Order(items: 2));
        await ForgetAnswersAsync();
        await Page.AnswerAsync(0, Samples.Failed(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Equal([1], await Page.PartIndexesAsync(1));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_ResultsTooLargeToTravel_ReadsThemFromStorage()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0, filler: 70_000), Samples.Failed(1));

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 1, Canceled: 0, Complete: true), report);
        Assert.Equal([0, 1], await Page.PartIndexesAsync(0));
        Assert.Contains(new string('y', 70_000), await Bench.ReadTextAsync(JobBlobs.PagePart(Job, 0, round: 0, part: 0)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_LargeResultsAnsweredTwiceWithOtherOutputs_CountsOneAnswerWhole()
    {
        // Two deliveries of a chunk ran side by side: the message that is collected must find the results that it was sent with.
        await Page.AnswerAsync(0, Samples.Succeeded(0, filler: 80_000));
        await Page.AnswerAsync(0, Samples.Succeeded(0, filler: 70_000));

        var report = await Page.RunAsync(CollectBench.Order(items: 1));

        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Equal([0], await Page.PartIndexesAsync(0));
    }

    [Fact]
    public async Task Run_SliceEndsBeforeThePageIsComplete_ReportsWhatCameAndGoesOnFromThere()
    {
        var start = Bench.Time.GetUtcNow();
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        var order = CollectBench.Order(items: 2);

        var first = await Page.RunAsync(order);
        var elapsed = Bench.Time.GetUtcNow() - start;
        await Page.AnswerAsync(1, Samples.Failed(1));
        var second = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Canceled: 0, Complete: false), first);
        Assert.Equal(Bench.Settings.CollectSlice, elapsed);
        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 1, Canceled: 0, Complete: true), second);
    }

    [Fact]
    public async Task Run_ResultsKeepComing_CommitsAPartEachInterval()
    {
        // The first two come together, the third within the interval, the last after it.
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));
        Page.Client.Arrivals.Enqueue(() => Page.AnswerAsync(2, Samples.Succeeded(2)));
        Page.Client.Arrivals.Enqueue(PassAnInterval);
        Page.Client.Arrivals.Enqueue(() => Page.AnswerAsync(3, Samples.Succeeded(3)));

        await Page.RunAsync(CollectBench.Order(items: 4));

        Assert.Equal<IEnumerable<int>>([[0, 1, 2], [3]], (await Page.PartsAsync()).Select(part => part.Items.Positions));

        Task PassAnInterval()
        {
            Bench.Time.Advance(Bench.Settings.PartInterval);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Run_LargeResultsKeepComing_CommitsAPartBeforeTheIntervalEnds()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0, filler: 5_000_000), Samples.Succeeded(1, filler: 5_000_000));
        Page.Client.Arrivals.Enqueue(() => Page.AnswerAsync(1, Samples.Succeeded(2)));

        await Page.RunAsync(CollectBench.Order(items: 3));

        Assert.Equal<IEnumerable<int>>([[0, 1], [2]], (await Page.PartsAsync()).Select(part => part.Items.Positions));
    }

    [Fact]
    public async Task Run_ChunkAnswersInPieces_CountsThemByItem()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(1));
        var order = CollectBench.Order(items: 3);

        var first = await Page.RunAsync(order);
        await ForgetAnswersAsync();
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Failed(1), Samples.Succeeded(2));
        var second = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Canceled: 0, Complete: false), first);
        Assert.Equal(new PageReport(0, Succeeded: 3, Failed: 0, Canceled: 0, Complete: true), second);
        Assert.Equal([0, 2], await Page.PartIndexesAsync(1));
    }

    [Fact]
    public async Task Run_ResultsForAnotherPagesItems_DeadLettersThem()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(2));
        await Page.AnswerAsync(1, Samples.Succeeded(0), Samples.Succeeded(1));

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Single(await Bench.PeekIdsAsync(Queues.Results + Queues.DeadLetter));
    }

    /// <summary>Lets the queue forget which messages it has seen, so that it takes a second answer.</summary>
    private Task ForgetAnswersAsync()
    {
        Bench.Time.Advance(TimeSpan.FromMinutes(11));
        return Task.CompletedTask;
    }
}
