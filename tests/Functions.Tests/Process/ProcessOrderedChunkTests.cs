using Azure.Messaging.ServiceBus;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

public sealed class ProcessOrderedChunkTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Lane => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_NextInSequence_AnswersAndMovesTheLaneOn()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1));
        await Lane.SendAsync(ProcessBench.LaneChunk(2));

        await Lane.ProcessLaneAsync(messages: 2);

        Assert.Equal(["i0", "i1"], Lane.Ran);
        Assert.Equal([Samples.Chunk(0), Samples.Chunk(1)], (await Lane.AnswersAsync()).Select(answer => answer.Id));
        Assert.Equal(2, await Lane.FinishedAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Fact]
    public async Task Run_ItemsOfOneKey_RunsOneAfterAnother()
    {
        var running = 0;
        Lane.WhileRunning = () =>
        {
            running++;
            return Task.CompletedTask;
        };
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "k"), Samples.Item(1, "other"), Samples.Item(2, "k")]));

        await Lane.ProcessLaneAsync();

        Assert.Equal((2, "i0 i1 i2"), (running, string.Join(' ', Lane.Ran)));
    }

    [Fact]
    public async Task Run_AnsweredBefore_IsCompletedWithoutRunning()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1));
        await Lane.ProcessLaneAsync();
        Bench.Time.Advance(TimeSpan.FromMinutes(11));
        await Lane.SendAsync(ProcessBench.LaneChunk(1));

        await Lane.ProcessLaneAsync();

        Assert.Equal(["i0"], Lane.Ran);
        Assert.Single(await Lane.AnswersAsync());
        Assert.Equal(1, await Lane.FinishedAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Fact]
    public async Task Run_CrashAfterTheAnswer_RunsAgainAndPagesSeeOneAnswer()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1));
        await Bench.Results.SendAsync(Samples.Chunk(0), [Samples.Succeeded(0)], Token);

        await Lane.ProcessLaneAsync();

        Assert.Single(await Lane.AnswersAsync());
        Assert.Equal(1, await Lane.FinishedAsync());
    }

    [Fact]
    public async Task Run_SessionIsLostWhileTheModelRuns_DoesNotMoveTheLane()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1));
        Lane.WhileRunning = () =>
        {
            Bench.Time.Advance(TimeSpan.FromMinutes(2));
            return Task.CompletedTask;
        };

        await Assert.ThrowsAnyAsync<Exception>(() => Lane.ProcessLaneAsync());

        Assert.Equal(0, await Lane.FinishedAsync());
        Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_Chunk_ReleasesTheSessionAfterTheLastOfThePage(bool last)
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1, last));

        Assert.Equal(last, await Lane.ProcessLaneAsync());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"id":{"job":"j","page":0,"chunk":0},"model":"model","itemCount":1,"items":[{"index":0,"id":"a","input":1}]}""")]
    public async Task Run_NoChunkOfALane_DeadLettersIt(string body)
    {
        await Bench.SendAsync(
            Queues.OrderedChunks,
            new ServiceBusMessage(body) { SessionId = Queues.LaneSession(Job, ProcessBench.Lane) });

        await Lane.ProcessLaneAsync();

        Assert.Equal("UnreadableChunk", Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks + Queues.DeadLetter)).DeadLetterReason);
        Assert.Empty(Lane.Ran);
    }
}
