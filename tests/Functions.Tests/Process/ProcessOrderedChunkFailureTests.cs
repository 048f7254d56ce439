using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Items of lanes that fail, stop their key or kill their workers.</summary>
public sealed class ProcessOrderedChunkFailureTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private ProcessBench Lane => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_AttemptsAreUsedUp_HoldsTheLaneUntilTheItemSucceeds()
    {
        (Bench.Settings.MaxAttempts, Bench.Settings.ReturnDelay) = (1, TimeSpan.FromSeconds(5));
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "k"), Samples.Item(1, "k"), Samples.Item(2, "other")]));
        Lane.Answer = item => item.Index == 0 && Lane.Ran.Count(id => id == "i0") < 3 ? ItemOutcome.Transient("busy", "") : Samples.Ok();

        await Bench.AdvanceUntilAsync(Lane.ProcessLaneAsync(), Step);

        Assert.Equal(["i0", "i2", "i0", "i0", "i1"], Lane.Ran);
        Assert.Equal([3, 1, 1], (await Lane.ResultsAsync()).Select(result => result.Attempts));
        Assert.Equal(1, await Lane.FinishedAsync());
        Assert.Null((await Lane.StateAsync()).Progress);
    }

    [Fact]
    public async Task Run_ReturnsAreUsedUp_FailsTheItemAndRunsTheNext()
    {
        (Bench.Settings.MaxAttempts, Bench.Settings.ReturnDelay) = (1, TimeSpan.FromSeconds(5));
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "k"), Samples.Item(1, "k")]));
        Lane.Answer = item => item.Index == 0 ? ItemOutcome.Transient("busy", "It is busy.") : Samples.Ok();

        await Bench.AdvanceUntilAsync(Lane.ProcessLaneAsync(), Step);

        Assert.Equal(["i0", "i0", "i0", "i1"], Lane.Ran);
        Assert.Equal(
            [(ItemStatus.Failed, "busy", 3), (ItemStatus.Succeeded, null, 1)],
            (await Lane.ResultsAsync()).Select(result => (result.Status, result.Error?.Code, result.Attempts)));
    }

    [Fact]
    public async Task Run_WorkerIsLostWhileTheLaneWaits_GoesOnWhereItWas()
    {
        (Bench.Settings.MaxAttempts, Bench.Settings.ReturnDelay) = (1, TimeSpan.FromSeconds(5));
        await Lane.SendAsync(ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "k"), Samples.Item(1, "other")]));
        Lane.Answer = item => item.Index == 0 ? ItemOutcome.Transient("busy", "") : Samples.Ok();
        using (var host = CancellationTokenSource.CreateLinkedTokenSource(Token))
        {
            var lost = Lane.LoseInLaneAsync(host.Token);
            await Bench.WaitForAsync(async () => (await Bench.PeekAsync(Queues.Results)).Count > 0);
            await host.CancelAsync();
            await lost;
        }

        var progress = (await Lane.StateAsync()).Progress!;
        Assert.Equal((1, 1), (progress.Attempts, progress.Returns));
        Lane.Answer = _ => Samples.Ok();
        await Lane.ProcessLaneAsync();

        Assert.Equal(["i0", "i1", "i0"], Lane.Ran);
        Assert.Equal([3, 1], (await Lane.ResultsAsync()).Select(result => result.Attempts));
    }

    [Fact]
    public async Task Run_ItemFailsAndStopsItsKey_CancelsTheRestOfTheKeyInThisAndLaterChunks()
    {
        await SendStoppingAsync(1, Samples.Item(0, "k"), Samples.Item(1, "k"), Samples.Item(2, "other"));
        await SendStoppingAsync(2, Samples.Item(3, "k"), Samples.Item(4, "other"));
        Lane.Answer = item => item.Index == 0 ? ItemOutcome.Permanent("bad", "") : Samples.Ok();

        await Lane.ProcessLaneAsync(messages: 2);

        Assert.Equal(["i0", "i2", "i4"], Lane.Ran);
        var results = await Lane.ResultsAsync();
        Assert.Equal("Failed Canceled Succeeded Canceled Succeeded", string.Join(' ', results.Select(result => result.Status)));
        Assert.All([results[1], results[3]], result => Assert.Equal("key_stopped", result.Error?.Code));
        Assert.All([results[1], results[3]], result => Assert.Contains("Item 0 ", result.Error?.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_GivenUpBefore_RunsItemByItemAndAnswersEach()
    {
        await Lane.SendAsync(ProcessBench.Suspect(
            ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "a"), Samples.Item(1, "b"), Samples.Item(2, "c")])));
        var answers = new List<int>();
        Lane.WhileRunning = async () => answers.Add((await Bench.PeekAsync(Queues.Results)).Count);

        await Lane.ProcessLaneAsync();

        Assert.Equal([0, 1, 2], answers);
        Assert.Equal(3, (await Lane.ResultsAsync()).Count);
        Assert.Equal(1, await Lane.FinishedAsync());
    }

    [Fact]
    public async Task Run_ItemKillsItsWorkers_FailsItAloneAndTheLaneGoesOn()
    {
        await Lane.SendAsync(ProcessBench.Suspect(
            ProcessBench.Chunk(0, inLane: true, items: [Samples.Item(0, "k"), Samples.Item(1, "k"), Samples.Item(2, "k")])));
        for (var kill = 1; kill <= Suspects.MaxTries; kill++)
        {
            await Lane.KillInLaneAsync(at: "i1");
        }

        await Lane.RecoverAsync(Queues.OrderedChunks);
        await Lane.ProcessLaneAsync();

        var results = await Lane.ResultsAsync();
        Assert.Equal("Succeeded Failed Succeeded", string.Join(' ', results.Select(result => result.Status)));
        Assert.Equal("worker_lost", results[1].Error?.Code);
        Assert.Equal(2, results[1].History?.Count);
        Assert.Equal(["i0", "i2"], Lane.Ran);
        Assert.Equal(Job, Assert.Single(await Bench.PeekAsync(Queues.Parked)).SessionId);
        Assert.Equal(1, await Lane.FinishedAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    private Task SendStoppingAsync(int sequence, params ChunkItem[] items)
    {
        var chunk = ProcessBench.Chunk(sequence - 1, inLane: true, items: items);
        return Lane.SendAsync(chunk with { Lane = chunk.Lane! with { StopOnFailure = true } });
    }
}
