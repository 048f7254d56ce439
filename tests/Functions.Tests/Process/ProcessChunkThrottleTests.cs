using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Items whose calls the endpoint throttles: it says "later", which is no word against them.</summary>
public sealed class ProcessChunkThrottleTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    // No lock is renewed here, so all waits in place must fit into one.
    private ProcessBench Consumer => field ??= ShortlyWaiting();

    [Fact]
    public async Task Run_ThrottledMoreOftenThanItMayFail_SucceedsWithOneAttempt()
    {
        Bench.Settings.MaxAttempts = 2;
        Consumer.Answer = _ => Consumer.Ran.Count < 8 ? Throttled() : Samples.Ok();
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), Step);

        var result = Assert.Single(await Consumer.ResultsAsync());
        Assert.Equal((8, ItemStatus.Succeeded, 1), (Consumer.Ran.Count, result.Status, result.Attempts));
    }

    [Fact]
    public async Task Run_ThrottledOnAndOn_ComesBackWithoutUsingUpReturns()
    {
        Consumer.Answer = _ => Throttled();
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with { Returns = Bench.Settings.MaxReturns });

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), Step);

        Assert.Empty(await Consumer.AnswersAsync());
        var rest = Assert.Single(await Consumer.ChunksAsync(Queues.Chunks));
        Assert.Equal((Bench.Settings.MaxReturns, 1, 0), (rest.Returns, rest.Throttles, rest.Attempts));
    }

    [Fact]
    public async Task Run_SomeFailAndSomeAreThrottled_ComeBackApart()
    {
        Bench.Settings.MaxAttempts = 1;
        Consumer.Answer = item => item.Index == 1 ? ItemOutcome.Transient("busy", "") : Throttled();
        await Consumer.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1), Samples.Item(2)]));

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), Step);

        var rests = (await Consumer.ChunksAsync(Queues.Chunks)).Select(rest => (string.Join(' ', rest.Only!), rest.Attempts, rest.Returns, rest.Throttles));
        Assert.Equal([("1", 1, 1, 0), ("0 2", 0, 0, 1)], rests);
    }

    [Fact]
    public async Task Run_ThrottledReturnsAreUsedUp_FailsAsThrottled()
    {
        Consumer.Answer = _ => Throttled();
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with { Throttles = Bench.Settings.MaxThrottledReturns });

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), Step);

        var result = Assert.Single(await Consumer.ResultsAsync());
        Assert.Equal((ItemStatus.Failed, "throttled", 0), (result.Status, result.Error?.Code, result.Attempts));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_ChunkOfTheShortWay_ComesBackOnIt()
    {
        Bench.Settings.MaxAttempts = 1;
        Consumer.Answer = item => item.Index == 0 ? ItemOutcome.Transient("busy", "") : Throttled();
        await Consumer.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]) with { Express = true, Priority = JobPriority.High });

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(Queues.ExpressChunks), Step);

        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
        var rests = await Consumer.ChunksAsync(Queues.ExpressChunks);
        Assert.Equal(["0", "1"], rests.Select(rest => string.Join(' ', rest.Only!)));
        Assert.All(rests, rest => Assert.Equal((true, JobPriority.High), (rest.Express, rest.Priority)));
    }

    [Theory]
    [InlineData(JobPriority.Low, 1)]
    [InlineData(JobPriority.Normal, 4)]
    [InlineData(JobPriority.High, 16)]
    public async Task Run_Priority_IsTheWeightOfItsCalls(JobPriority priority, int weight)
    {
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with { Priority = priority });

        await Consumer.ProcessAsync();

        Assert.Equal((Job, weight), (Assert.Single(Consumer.Calls).Share?.Job, Consumer.Calls[0].Share?.Weight));
    }

    private static ItemOutcome Throttled() => ItemOutcome.Throttled("Later.");

    private ProcessBench ShortlyWaiting()
    {
        (Bench.Settings.RetryDelay, Bench.Settings.MaxRetryDelay) = (Step, Step);
        return new ProcessBench(Bench);
    }
}
