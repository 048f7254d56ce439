using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Chunks of lanes of jobs that somebody interferes with.</summary>
public sealed class ProcessOrderedChunkControlTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Lane => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_JobIsPaused_DropsTheChunk()
    {
        await Lane.ControlAsync(control => control.Pause());
        await Lane.SendAsync(ProcessBench.LaneChunk(1));

        await Lane.ProcessLaneAsync();

        await AssertDroppedAsync();
    }

    [Fact]
    public async Task Run_EpochIsOver_DropsTheChunk()
    {
        await Lane.ControlAsync(control => control.SendAgain(0));
        await Lane.SendAsync(ProcessBench.LaneChunk(1));

        await Lane.ProcessLaneAsync();

        await AssertDroppedAsync();
    }

    [Fact]
    public async Task Run_LaneIsInALaterEpochThanTheInstanceKnows_DropsTheChunk()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1) with { Epoch = 1 });
        await Lane.SendAsync(ProcessBench.LaneChunk(2));

        await Lane.ProcessLaneAsync(messages: 2);

        Assert.Equal(["i0"], Lane.Ran);
        var state = await Lane.StateAsync();
        Assert.Equal((1, 1L), (state.Epoch, state.Finished));
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Fact]
    public async Task Run_NewEpoch_BeginsTheLaneAnew()
    {
        var chunk = ProcessBench.Chunk(0, inLane: true, items: Samples.Item(0, "k"));
        await Lane.SendAsync(chunk with { Lane = chunk.Lane! with { StopOnFailure = true } });
        Lane.Answer = _ => ItemOutcome.Permanent("bad", "");
        await Lane.ProcessLaneAsync();
        Assert.Single((await Lane.StateAsync()).StoppedKeys!);
        await Lane.ControlAsync(control => control.SendAgain(0));
        var again = chunk with { Id = Samples.Chunk(1_000_000), Epoch = 1, Lane = chunk.Lane! with { StopOnFailure = true } };
        await Lane.SendAsync(again);

        await Lane.ProcessLaneAsync();

        Assert.Equal(["i0", "i0"], Lane.Ran);
        var state = await Lane.StateAsync();
        Assert.Equal((1, 1L), (state.Epoch, state.Finished));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(100, true)] // a redrive
    public async Task Run_NewEpoch_RunsWhatIsStoppedInARoundOfItsOwnAlone(int round, bool runs)
    {
        var place = ProcessBench.Chunk(0, inLane: true).Lane! with { StopOnFailure = true };
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: Samples.Item(0, "k")) with { Lane = place });
        Lane.Answer = _ => ItemOutcome.Permanent("bad", "");
        await Lane.ProcessLaneAsync();
        await Lane.ControlAsync(control => control.Reopen());
        await Lane.SendAsync(ProcessBench.Chunk(1_000_000, inLane: true, items: Samples.Item(1, "k")) with { Epoch = 1, Lane = place with { Round = round } });

        await Lane.ProcessLaneAsync();

        Assert.Equal(runs ? ["i0", "i1"] : ["i0"], Lane.Ran);
        Assert.Equal(runs ? ItemStatus.Failed : ItemStatus.Canceled, (await Lane.ResultsAsync())[^1].Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)] // not its turn
    public async Task Run_JobIsStopped_AnswersThatItWasNotRun(int sequence)
    {
        await Lane.ControlAsync(control => control.Stop(new JobError("canceled", "Somebody did.")));
        await Lane.SendAsync(ProcessBench.LaneChunk(sequence));

        await Lane.ProcessLaneAsync();

        Assert.Empty(Lane.Ran);
        var result = Assert.Single(await Lane.ResultsAsync());
        Assert.Equal((ItemStatus.Canceled, "canceled", "Somebody did.", 0), (result.Status, result.Error?.Code, result.Error?.Message, result.Attempts));
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Fact]
    public async Task Run_JobIsStoppedWhileTheLaneWaits_EndsTheWait()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(1));
        Bench.Settings.MaxAttempts = 1;
        Lane.Answer = _ => ItemOutcome.Transient("busy", "");
        Lane.WhileRunning = async () => await Lane.ControlAsync(control => control.Stop(new JobError("canceled", "Somebody did.")));

        var running = Lane.ProcessLaneAsync();
        await Bench.AdvanceUntilAsync(running, JobControls.MaxAge);

        Assert.Equal(["i0"], Lane.Ran);
        var result = Assert.Single(await Lane.ResultsAsync());
        Assert.Equal((ItemStatus.Canceled, 1), (result.Status, result.Attempts));
    }

    private async Task AssertDroppedAsync()
    {
        Assert.Empty(Lane.Ran);
        Assert.Empty(await Lane.AnswersAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
        Assert.Equal(0, await Lane.FinishedAsync());
    }
}
