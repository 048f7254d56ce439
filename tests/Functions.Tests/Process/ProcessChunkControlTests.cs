using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Chunks of jobs that somebody interferes with.</summary>
public sealed class ProcessChunkControlTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly JobError Reason = new("canceled", "Somebody did.");

    private ProcessBench Consumer => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_JobIsPaused_DropsTheChunk()
    {
        await Consumer.ControlAsync(control => control.Pause());
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Consumer.ProcessAsync();

        await AssertDroppedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_InstanceHasNotSeenThatTheJobGoesOn_RunsTheChunk(bool paused)
    {
        await Consumer.ControlAsync(control => paused ? control.Pause() : control.Stop(Reason));
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        await Consumer.ProcessAsync();
        await new JobControls(Bench.Blobs, Bench.Time).ChangeAsync(Job, control => control.Reopen(), Token);
        await Consumer.SendAsync(ProcessBench.Chunk(1_000_000, items: Samples.Item(0)) with { Epoch = 1 });

        await Consumer.ProcessAsync();

        Assert.Equal(["i0"], Consumer.Ran);
    }

    [Fact]
    public async Task Run_EpochIsOver_DropsTheChunkAndRunsTheNext()
    {
        await Consumer.ControlAsync(control => control.SendAgain(0));
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        await Consumer.SendAsync(ProcessBench.Chunk(1, items: Samples.Item(1)) with { Epoch = 1 });

        await Consumer.ProcessAsync();
        Assert.Empty(Consumer.Ran);
        await Consumer.ProcessAsync();

        Assert.Equal(["i1"], Consumer.Ran);
        Assert.Single(await Consumer.AnswersAsync());
    }

    [Fact]
    public async Task Run_JobIsStopped_AnswersThatTheItemsWereNotRun()
    {
        await Consumer.ControlAsync(control => control.Stop(Reason));
        await Consumer.SendAsync(ProcessBench.Suspect(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)])));
        await Consumer.LoseAsync();

        await Consumer.ProcessAsync();

        Assert.Empty(Consumer.Ran);
        Assert.All(await Consumer.ResultsAsync(), result => Assert.Equal((ItemStatus.Canceled, Reason), (result.Status, result.Error)));
        Assert.Equal(2, (await Consumer.ResultsAsync()).Count);
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_JobIsStoppedWhileItemsRun_KeepsWhatIsDoneAndCancelsTheRest()
    {
        await Consumer.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));
        Consumer.UntilEnded = async ended =>
        {
            await Consumer.ControlAsync(control => control.Stop(Reason));
            await ended.CanceledAsync();
        };
        Consumer.Answer = item => item.Index == 0 ? Samples.Ok() : ItemOutcome.Canceled;

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), JobControls.MaxAge);

        Assert.Equal(
            [(ItemStatus.Succeeded, null), (ItemStatus.Canceled, Reason)],
            (await Consumer.ResultsAsync()).Select(result => (result.Status, result.Error)));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_HostStopsWhileItemsRun_AnswersNothing()
    {
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Consumer.KillAsync();

        Assert.Empty(await Consumer.AnswersAsync());
        Assert.Single(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_OnlySomeOfTheStoredItems_RunsThose()
    {
        var lines = Samples.Lines([Samples.Item(0), Samples.Item(1), Samples.Item(2)]);
        await Bench.StoreAsync("input", lines);
        await Consumer.SendAsync(ProcessBench.Chunk() with { ItemCount = 2, Items = null, Blob = new BlobRange("input", 0, lines.Length), Only = [0, 2] });

        await Consumer.ProcessAsync();

        Assert.Equal(["i0", "i2"], Consumer.Ran);
        Assert.NotEqual(Samples.Chunk(0).ToString(), Assert.Single(await Bench.PeekIdsAsync(Queues.Results)));
    }

    private async Task AssertDroppedAsync()
    {
        Assert.Empty(Consumer.Ran);
        Assert.Empty(await Consumer.AnswersAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }
}
