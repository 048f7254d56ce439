using Azure;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>Collectors that end in the middle, and two at once.</summary>
public sealed class CollectPageCrashTests(StorageEmulator storage) : FlowTest(storage)
{
    private CollectBench Page => field ??= new CollectBench(Bench);

    [Fact]
    public async Task Run_CrashBeforeTheCommit_LosesNothing()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));
        await using (var crashed = await AcceptAsync())
        {
            Assert.Equal(2, (await crashed.ReceiveMessagesAsync(10, cancellationToken: Token)).Count);
        }

        var report = await Page.RunAsync(CollectBench.Order(chunks: 2, items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Complete: true), report);
    }

    [Fact]
    public async Task Run_HostDiesWithTheSessionLocked_LosesNothingOnceTheLockEnds()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        var died = await AcceptAsync();
        Assert.Single(await died.ReceiveMessagesAsync(10, cancellationToken: Token));
        var order = CollectBench.Order(chunks: 1, items: 1);

        var locked = await Assert.ThrowsAsync<ServiceBusException>(() => Page.RunAsync(order));
        Bench.Time.Advance(TimeSpan.FromMinutes(2));
        var report = await Page.RunAsync(order);

        Assert.Equal(ServiceBusFailureReason.SessionCannotBeLocked, locked.Reason);
        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Complete: true), report);
    }

    [Fact]
    public async Task Run_CrashBetweenCommitAndComplete_CountsTheChunkOnce()
    {
        var order = CollectBench.Order(chunks: 2, items: 2);
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await CommitWithoutCompletingAsync(order, 0, Samples.Succeeded(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));

        var report = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Complete: true), report);
        Assert.Equal([1], await Page.PartIndexesAsync(1));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_CrashBetweenTheLastCommitAndComplete_LeavesNoMessageBehind()
    {
        var order = CollectBench.Order(chunks: 1, items: 1);
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await CommitWithoutCompletingAsync(order, 0, Samples.Succeeded(0));

        var report = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Complete: true), report);
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Commit_TwoCollectorsOfOnePage_OnlyOneMakesThePart()
    {
        var order = CollectBench.Order(chunks: 2, items: 2);
        var tally = await Page.Parts.ReadTallyAsync(order, Token);
        var otherTally = await Page.Parts.ReadTallyAsync(order, Token);
        await Page.Parts.CommitAsync(order, tally, Pending(0, Samples.Succeeded(0)), Token);

        var refused = await Assert.ThrowsAsync<RequestFailedException>(
            () => Page.Parts.CommitAsync(order, otherTally, Pending(0, Samples.Failed(0)), Token));

        Assert.True(refused.Status is 409 or 412);
        Assert.Equal((1, 0L, 0L), (tally.Parts, otherTally.Succeeded, otherTally.Failed));
        var stored = await Page.Parts.ReadTallyAsync(order, Token);
        Assert.Equal((1, 1L, 0L), (stored.Parts, stored.Succeeded, stored.Failed));
    }

    [Fact]
    public async Task Run_SessionIsLostAndAnotherCollectorTakesOver_CountsEveryChunkOnce()
    {
        var order = CollectBench.Order(chunks: 2, items: 2);
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        var other = new CollectBench(Bench);
        Page.Client.Arrivals.Enqueue(async () =>
        {
            // The first collector has chunk 0 in memory and stalls until its lock is gone.
            Bench.Time.Advance(TimeSpan.FromMinutes(2));
            await other.AnswerAsync(1, Samples.Succeeded(1));
            await other.RunAsync(order);
        });

        await Assert.ThrowsAnyAsync<Exception>(() => Page.RunAsync(order));
        var report = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Complete: true), report);
        Assert.Equal([0, 1], (await Page.PartsAsync()).SelectMany(part => part.Chunks).Order());
    }

    private Task<ServiceBusSessionReceiver> AcceptAsync() =>
        Bench.Client.AcceptSessionAsync(Queues.Results, Queues.PageSession(Job, 0), cancellationToken: Token);

    private async Task CommitWithoutCompletingAsync(CollectOrder order, int chunk, ItemResult result) =>
        await Page.Parts.CommitAsync(order, await Page.Parts.ReadTallyAsync(order, Token), Pending(chunk, result), Token);

    private static PendingPart Pending(int chunk, ItemResult result)
    {
        var pending = new PendingPart();
        pending.Add(chunk, [result]);
        return pending;
    }
}
