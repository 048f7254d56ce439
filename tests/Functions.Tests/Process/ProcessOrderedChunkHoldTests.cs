using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

/// <summary>Chunks that come before their turn in their lane.</summary>
public sealed class ProcessOrderedChunkHoldTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Lane => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_TooEarly_GoesToTheEndOfTheLaneForAWhile()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(2));
        var early = Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));

        await Lane.ProcessLaneAsync();

        Assert.Empty(Lane.Ran);
        Assert.Empty(await Lane.AnswersAsync());
        var held = Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));
        Assert.Equal(ServiceBusMessageState.Scheduled, held.State);
        Assert.Equal(Bench.Time.GetUtcNow() + Bench.Settings.LaneHold, held.ScheduledEnqueueTime);
        Assert.NotEqual(early.MessageId, held.MessageId);
        Assert.Equal(
            (early.SessionId, early.CorrelationId, early.ReplyTo, early.ReplyToSessionId, early.ContentType, early.Body.ToString()),
            (held.SessionId, held.CorrelationId, held.ReplyTo, held.ReplyToSessionId, held.ContentType, held.Body.ToString()));
    }

    [Fact]
    public async Task Run_TurnHasCome_RunsTheHeldChunk()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(2));
        await Lane.SendAsync(ProcessBench.LaneChunk(1));
        await Lane.ProcessLaneAsync(messages: 2);
        Bench.Time.Advance(Bench.Settings.LaneHold);

        await Lane.ProcessLaneAsync();

        Assert.Equal(["i0", "i1"], Lane.Ran);
        Assert.Equal(2, await Lane.FinishedAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    [Fact]
    public async Task Run_TooEarlyForLong_IsHeldForeverAndLookedAtLessAndLess()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(2));
        var ids = new HashSet<string>();
        var waits = new List<double>();
        for (var hold = 1; hold <= 40; hold++)
        {
            await Lane.ProcessLaneAsync();
            var held = Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));
            var wait = held.ScheduledEnqueueTime - Bench.Time.GetUtcNow();
            waits.Add(wait.TotalSeconds);
            Assert.True(ids.Add(held.MessageId));
            Bench.Time.Advance(wait);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], waits.Take(8));
        Assert.All(waits.Skip(8), wait => Assert.Equal(60, wait));
    }

    [Fact]
    public async Task Run_CrashBetweenCopyAndComplete_KeepsOneCopy()
    {
        await Lane.SendAsync(ProcessBench.LaneChunk(2));

        await Assert.ThrowsAsync<IOException>(() => Lane.ProcessLaneAsync(actions: new CrashingActions()));
        var both = await Bench.PeekAsync(Queues.OrderedChunks);
        await Lane.ProcessLaneAsync();

        Assert.Equal(2, both.Count);
        Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));
    }

    private sealed class CrashingActions : ServiceBusMessageActions
    {
        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            throw new IOException("The host died.");
    }
}
