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

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
    }

    [Fact]
    public async Task Run_HostDiesWithTheSessionLocked_LosesNothingOnceTheLockEnds()
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        var died = await AcceptAsync();
        Assert.Single(await died.ReceiveMessagesAsync(10, cancellationToken: Token));
        var order = CollectBench.Order(items: 1);

        var locked = await Assert.ThrowsAsync<ServiceBusException>(() => Page.RunAsync(order));
        Bench.Time.Advance(TimeSpan.FromMinutes(2));
        var report = await Page.RunAsync(order);

        Assert.Equal(ServiceBusFailureReason.SessionCannotBeLocked, locked.Reason);
        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Canceled: 0, Complete: true), report);
    }

    [Fact]
    public async Task Run_CrashBetweenCommitAndComplete_CountsTheItemOnce()
    {
        var order = CollectBench.Order(items: 2);
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await CommitAsync(await Page.TallyAsync(order), Samples.Succeeded(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));

        var report = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Equal([1], await Page.PartIndexesAsync(1));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_CrashBetweenTheLastCommitAndComplete_LeavesNoMessageBehind()
    {
        var order = CollectBench.Order(items: 1);
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await CommitAsync(await Page.TallyAsync(order), Samples.Succeeded(0));

        var report = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, Succeeded: 1, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Commit_TwoCollectorsOfOnePage_OnlyOneMakesThePart()
    {
        var order = CollectBench.Order(items: 2);
        var tally = await Page.TallyAsync(order);
        var otherTally = await Page.TallyAsync(order);
        await CommitAsync(tally, Samples.Succeeded(0));

        var refused = await Assert.ThrowsAsync<RequestFailedException>(
            () => CommitAsync(otherTally, Samples.Failed(0)));

        Assert.True(refused.Status is 409 or 412);
        Assert.Equal((1, 0L, 0L), (tally.Parts, otherTally.Succeeded, otherTally.Failed));
        var stored = await Page.TallyAsync(order);
        Assert.Equal((1, 1L, 0L), (stored.Parts, stored.Succeeded, stored.Failed));
    }

    [Fact]
    public async Task Run_SessionIsLostAndAnotherCollectorTakesOver_CountsEveryItemOnce()
    {
        var order = CollectBench.Order(items: 2);
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

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Equal([0, 1], (await Page.PartsAsync()).SelectMany(part => part.Items.Positions).Order());
    }

    private Task<ServiceBusSessionReceiver> AcceptAsync() =>
        Bench.Client.AcceptSessionAsync(Queues.Results, Queues.PageSession(Job, 0), cancellationToken: Token);

    /// <summary>Commits a part as a collector does that ends before it completes the messages.</summary>
    private Task CommitAsync(PageTally tally, ItemResult result) =>
        Page.Parts.CommitAsync(Job, CollectBench.PlanOf(2), round: 0, tally, [result], Token);
}
