using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Items whose attempts in place did not help.</summary>
public sealed class ProcessChunkReturnTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Consumer => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_AttemptsAreUsedUp_AnswersTheOthersAndComesBackWithTheRest()
    {
        Bench.Settings.MaxAttempts = 1;
        Consumer.Answer = item => item.Index == 1 ? ItemOutcome.Transient("busy", "") : Samples.Ok();
        await Consumer.SendAsync(ProcessBench.Chunk(3, items: [Samples.Item(0), Samples.Item(1), Samples.Item(2)]));

        await Consumer.ProcessAsync();

        Assert.Equal([0, 2], (await Consumer.ResultsAsync()).Select(result => result.Index));
        var message = Assert.Single(await Bench.PeekAsync(Queues.Chunks));
        Assert.Equal((ServiceBusMessageState.Scheduled, Samples.Chunk(3).ToString()), (message.State, message.CorrelationId));
        Assert.InRange(message.ScheduledEnqueueTime - Bench.Time.GetUtcNow(), Bench.Settings.ReturnDelay / 2, Bench.Settings.ReturnDelay);
        var rest = ChunkItems.Read(message);
        Assert.Equal((1, 1, 1), (rest.ItemCount, rest.Attempts, rest.Returns));
        Assert.Equal([1], rest.Only);
        Assert.Equal([1], rest.Items!.Select(item => item.Index));
    }

    [Fact]
    public async Task Run_StoredItemsComeBack_AsTheirPositions()
    {
        Bench.Settings.MaxAttempts = 1;
        Consumer.Answer = item => item.Index == 1 ? Samples.Ok() : ItemOutcome.Transient("busy", "");
        var lines = Samples.Lines([Samples.Item(0), Samples.Item(1), Samples.Item(2), Samples.Item(3)]);
        await Bench.StoreAsync("input", lines);
        await Consumer.SendAsync(
            ProcessBench.Chunk() with { ItemCount = 3, Items = null, Blob = new BlobRange("input", 0, lines.Length), Only = [1, 2, 3] });

        await Consumer.ProcessAsync();

        var rest = Assert.Single(await Consumer.ChunksAsync(Queues.Chunks));
        Assert.Equal((2, null), (rest.ItemCount, rest.Items));
        Assert.Equal([2, 3], rest.Only);
    }

    [Fact]
    public async Task Run_ComesBack_SucceedsWithAllAttemptsCounted()
    {
        Bench.Settings.MaxAttempts = 1;
        await Consumer.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));
        Consumer.Answer = item => item.Index == 1 && Consumer.Ran.Count < 4 ? ItemOutcome.Transient("busy", "") : Samples.Ok();

        await Consumer.ProcessAsync();
        await NextReturnAsync();
        await NextReturnAsync();

        Assert.Equal(["i0", "i1", "i1", "i1"], Consumer.Ran);
        Assert.Equal([1, 1, 2, 3], Consumer.Calls.Select(call => call.Attempt));
        Assert.Equal([(0L, 1), (1L, 3)], (await Consumer.ResultsAsync()).Select(result => (result.Index, result.Attempts)));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_ReturnsAreUsedUp_FailsWithTheLastError()
    {
        Bench.Settings.MaxAttempts = 2;
        Bench.Settings.RetryDelay = TimeSpan.FromMilliseconds(1);
        Consumer.Answer = item => ItemOutcome.Transient("busy", $"Call {Consumer.Ran.Count}.");
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with { Returns = 1, Attempts = 4 });

        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), TimeSpan.FromMilliseconds(1));
        await NextReturnAsync();

        var result = Assert.Single(await Consumer.ResultsAsync());
        Assert.Equal((ItemStatus.Failed, "busy", "Call 4.", 8), (result.Status, result.Error?.Code, result.Error?.Message, result.Attempts));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_LaterReturns_StayAwayLonger()
    {
        Bench.Settings.MaxAttempts = 1;
        Bench.Settings.MaxReturns = 10;
        Consumer.Answer = _ => ItemOutcome.Transient("busy", "");
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with { Returns = 3 });
        await Consumer.SendAsync(ProcessBench.Chunk(1, items: Samples.Item(1)) with { Returns = 9 });

        await Consumer.ProcessAsync();
        await Consumer.ProcessAsync();

        var waits = (await Bench.PeekAsync(Queues.Chunks)).Select(message => message.ScheduledEnqueueTime - Bench.Time.GetUtcNow()).ToList();
        Assert.InRange(waits[0], TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(4));
        Assert.InRange(waits[1], TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task Run_ModelAsksForALongWait_StaysAwayThatLong()
    {
        Consumer.Answer = _ => ItemOutcome.Transient("throttled", "", TimeSpan.FromMinutes(20));
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Consumer.ProcessAsync();

        Assert.Equal(["i0"], Consumer.Ran);
        Assert.Equal(Bench.Time.GetUtcNow().AddMinutes(20), Assert.Single(await Bench.PeekAsync(Queues.Chunks)).ScheduledEnqueueTime);
    }

    [Fact]
    public async Task Run_CrashBeforeTheMessageIsCompleted_ComesBackOnce()
    {
        Bench.Settings.MaxAttempts = 1;
        Consumer.Answer = item => item.Index == 0 ? ItemOutcome.Transient("busy", "") : Samples.Ok();
        Consumer.WhileRunning = () =>
        {
            Bench.Time.Advance(Consumer.Ran.Count == 0 ? TimeSpan.FromMinutes(2) : TimeSpan.Zero);
            return Task.CompletedTask;
        };
        await Consumer.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));

        await Assert.ThrowsAsync<ServiceBusException>(() => Consumer.ProcessAsync());
        await Consumer.ProcessAsync();

        Assert.Equal([1], (await Consumer.ResultsAsync()).Select(result => result.Index));
        Assert.Single(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_DeliveredAgain_CountsTheAttemptsOfBefore()
    {
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with { Attempts = 3 });
        await Consumer.LoseAsync(times: 2);

        await Consumer.ProcessAsync();

        Assert.Equal([6], Consumer.Calls.Select(call => call.Attempt));
        Assert.Equal(6, Assert.Single(await Consumer.ResultsAsync()).Attempts);
    }

    [Fact]
    public async Task Run_SuspectsDeliveredAgain_GivesThemUpToBeTakenApart()
    {
        await Consumer.SendAsync(ProcessBench.Suspect(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)])));
        await Consumer.LoseAsync();

        await Consumer.ProcessAsync();

        Assert.Empty(Consumer.Ran);
        Assert.Equal("WorkerLost", Assert.Single(await Bench.PeekAsync(Queues.Chunks + Queues.DeadLetter)).DeadLetterReason);
    }

    [Fact]
    public async Task Run_Suspects_RunOneAtATime()
    {
        await Consumer.SendAsync(ProcessBench.Suspect(ProcessBench.Chunk(0, items: Samples.Item(0))));
        await Consumer.SendAsync(ProcessBench.Suspect(ProcessBench.Chunk(1, items: Samples.Item(1))));
        var (running, most) = (0, 0);
        var second = new TaskCompletionSource();
        Consumer.WhileRunning = async () =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await second.Task;
            Interlocked.Decrement(ref running);
        };

        var first = Consumer.ProcessAsync();
        var both = Task.WhenAll(first, Consumer.ProcessAsync());
        await Bench.WaitForAsync(() => Task.FromResult(running > 0));
        second.SetResult();
        await both.BoundedAsync();

        Assert.Equal((1, 2), (most, Consumer.Ran.Count));
    }

    private async Task NextReturnAsync()
    {
        Bench.Time.Advance(Bench.Settings.MaxReturnDelay);
        await Bench.AdvanceUntilAsync(Consumer.ProcessAsync(), TimeSpan.FromMilliseconds(1));
    }
}
