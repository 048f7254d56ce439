using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>What the answers of workers say that their runs measured.</summary>
public sealed class ProcessTimingTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan BackOff = TimeSpan.FromSeconds(2);

    private ProcessBench Consumer => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_Chunks_AnswerWithWhatTheyMeasured()
    {
        Consumer.WhileRunning = () => PassAsync(Run);
        await Consumer.SendAsync(ProcessBench.Chunk(0, items: [Samples.Item(0), Samples.Item(1)]));
        await Consumer.SendAsync(ProcessBench.Chunk(1, items: Samples.Item(2)));
        Bench.Time.Advance(TimeSpan.FromSeconds(3));

        await Consumer.ProcessAsync();
        Bench.Time.Advance(TimeSpan.FromSeconds(2));
        await Consumer.ProcessAsync();

        var timings = (await Consumer.AnswersAsync()).ConvertAll(answer => answer.Timing!);
        Assert.Equal([Run, Run], timings.Select(timing => timing.Task));
        Assert.Equal([2, 1], timings.Select(timing => timing.Attempts));
        Assert.Equal([TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(12)], timings.Select(timing => timing.Wait));
        Assert.Equal([0, 1], timings.Select(timing => timing.Tails));
        // The first node began to wait when it was made, with the bench.
        Assert.Equal(TimeSpan.FromSeconds(2), timings[1].Idle);
        Assert.All(timings, timing => Assert.Equal((Consumer.Nodes.Instance, 0, 1), (timing.Instance, timing.Slot, timing.Runs)));
    }

    [Fact]
    public async Task Run_TransientFailure_BacksOffAsBalancing()
    {
        var attempts = 0;
        Consumer.WhileRunning = () => PassAsync(Run);
        Consumer.Answer = _ => attempts++ == 0 ? ItemOutcome.Transient("busy", "", BackOff) : Samples.Ok();
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), BackOff);

        var timing = Assert.Single(await Consumer.AnswersAsync()).Timing!;
        Assert.Equal((2, 1), (timing.Attempts, timing.Runs));
        // At least: the clock may be moved on while the run is at something else.
        Assert.True(timing.Task >= 2 * Run && timing.Balance >= BackOff, $"{timing}");
    }

    [Fact]
    public async Task Run_ChunkOfAStoppedJob_MeasuresNothing()
    {
        await Consumer.ControlAsync(control => control.Stop(new JobError(JobControl.Canceled, "By a person.")));
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Consumer.ProcessAsync();

        Assert.Null(Assert.Single(await Consumer.AnswersAsync()).Timing);
    }

    [Fact]
    public async Task RunOrdered_ChunksOfALane_AnswerWithWhatTheyMeasured()
    {
        Consumer.WhileRunning = () => PassAsync(Run);
        Consumer.Answer = item => ItemOutcome.Succeeded(Samples.Ok().Output!.Value, new TokenUsage(12, 3));
        await Consumer.SendAsync(ProcessBench.LaneChunk(1));
        await Consumer.SendAsync(ProcessBench.LaneChunk(2));

        await Consumer.ProcessLaneAsync(2);

        var timings = (await Consumer.AnswersAsync()).ConvertAll(answer => answer.Timing!);
        Assert.Equal([(Run, 1, 12, 3), (Run, 1, 12, 3)], timings.Select(timing => (timing.Task, timing.Runs, timing.InputTokens, timing.OutputTokens)));
        Assert.Equal(Run, timings[1].Wait);
    }

    private Task PassAsync(TimeSpan time)
    {
        Bench.Time.Advance(time);
        return Task.CompletedTask;
    }
}
