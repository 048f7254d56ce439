using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>When a lane's session is let go, for others to have it.</summary>
public sealed class ProcessOrderedChunkTurnTests(StorageEmulator storage) : FlowTest(storage)
{
    private const int ChunksInARow = 32;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    // No lock is renewed here, so all waits in place must fit into one.
    private ProcessBench Lane => field ??= ShortlyWaiting();

    [Fact]
    public async Task Run_ManyChunksInARow_LetsTheSessionGo()
    {
        var releases = new List<int>();
        for (var sequence = 1; sequence <= ChunksInARow + 1; sequence++)
        {
            await Lane.SendAsync(ProcessBench.LaneChunk(sequence));
            if (await Lane.ProcessLaneAsync())
            {
                releases.Add(sequence);
            }
        }

        Assert.Equal([ChunksInARow], releases);
        Assert.Equal(ChunksInARow + 1, await Lane.FinishedAsync());
    }

    [Fact]
    public async Task Run_ChunkThatTakesLong_LetsTheSessionGo()
    {
        Lane.WhileRunning = () =>
        {
            Bench.Time.Advance(TimeSpan.FromSeconds(2));
            return Task.CompletedTask;
        };
        await Lane.SendAsync(ProcessBench.LaneChunk(1));

        Assert.True(await Lane.ProcessLaneAsync());
        Assert.Equal(1, await Lane.FinishedAsync());
    }

    [Fact]
    public async Task Run_Throttled_GivesTheLaneBackAndGoesOnLater()
    {
        var isThrottled = true;
        Lane.Answer = item => isThrottled && item.Index == 1 ? ItemOutcome.Throttled("Later.") : Samples.Ok();
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "a"), Samples.Item(1, "k"), Samples.Item(2, "k")]));

        var turn = Lane.ProcessLaneAsync();
        await Bench.AdvanceUntilAsync(turn, Step);

        Assert.True(await turn);
        Assert.Equal(ServiceBusMessageState.Scheduled, Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks)).State);
        var state = await Lane.StateAsync();
        Assert.Equal((0L, 1), (state.Finished, state.Progress?.Throttles));
        Assert.Equal([0], (await Lane.ResultsAsync()).Select(result => result.Index));

        isThrottled = false;
        Bench.Time.Advance(Bench.Settings.MaxReturnDelay);
        await Lane.ProcessLaneAsync();

        Assert.Equal([(0L, 1), (1L, 1), (2L, 1)], (await Lane.ResultsAsync()).Select(result => (result.Index, result.Attempts)));
        Assert.Equal("i0 i1 i2", string.Join(' ', Lane.Ran.Distinct()));
        Assert.Equal(1, await Lane.FinishedAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Fact]
    public async Task Run_ChunkBeforeIsHeldBack_IsHeldAsLong()
    {
        Bench.Settings.ReturnDelay = Bench.Settings.MaxReturnDelay = TimeSpan.FromMinutes(30);
        Lane.Answer = _ => ItemOutcome.Throttled("Later.", TimeSpan.FromMinutes(30));
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: Samples.Item(0, "k")));
        await Bench.AdvanceUntilAsync(Lane.ProcessLaneAsync(), Step);
        var held = Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks)).ScheduledEnqueueTime;

        await Lane.SendAsync(ProcessBench.Chunk(1, inLane: true, items: Samples.Item(1, "k")));
        await Lane.ProcessLaneAsync();

        var both = await Bench.PeekAsync(Queues.OrderedChunks);
        Assert.Equal(2, both.Count);
        Assert.All(both, message => Assert.InRange(message.ScheduledEnqueueTime, held - TimeSpan.FromSeconds(1), held + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Run_SuspectIsThrottled_IsNotTakenForPoison()
    {
        Lane.Answer = _ => ItemOutcome.Throttled("Later.");
        await Lane.SendAsync(ProcessBench.Suspect(ProcessBench.Chunk(0, inLane: true, items: Samples.Item(0, "k"))));

        for (var turn = 0; turn <= Suspects.MaxTries; turn++)
        {
            await Bench.AdvanceUntilAsync(Lane.ProcessLaneAsync(), Step);
            Bench.Time.Advance(Bench.Settings.MaxReturnDelay);
        }

        Assert.Empty(await Lane.AnswersAsync());
        Lane.Answer = _ => Samples.Ok();
        await Lane.ProcessLaneAsync();
        Assert.Equal(ItemStatus.Succeeded, Assert.Single(await Lane.ResultsAsync()).Status);
    }

    [Fact]
    public async Task Run_ThrottledReturnsAreUsedUp_FailsTheItemAndRunsTheNext()
    {
        Bench.Settings.MaxThrottledReturns = 0;
        Lane.Answer = item => item.Index == 0 ? ItemOutcome.Throttled("Later.") : Samples.Ok();
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "k"), Samples.Item(1, "k")]));

        await Bench.AdvanceUntilAsync(Lane.ProcessLaneAsync(), Step);

        Assert.Equal(
            [(ItemStatus.Failed, "throttled"), (ItemStatus.Succeeded, null)],
            (await Lane.ResultsAsync()).Select(result => (result.Status, result.Error?.Code)));
        Assert.Equal(1, await Lane.FinishedAsync());
    }

    private ProcessBench ShortlyWaiting()
    {
        (Bench.Settings.RetryDelay, Bench.Settings.MaxRetryDelay) = (Step, Step);
        return new ProcessBench(Bench);
    }
}
