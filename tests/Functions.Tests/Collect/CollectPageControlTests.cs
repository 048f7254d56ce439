using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Tests.Dispatch;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>What comes over a job while one of its pages is collected. The page has four items, two in a chunk.</summary>
public sealed class CollectPageControlTests(StorageEmulator storage) : FlowTest(storage)
{
    private const int Items = 4;
    private static readonly JobError ByAPerson = new(JobControl.Canceled, "By a person.");
    private CollectOrder? _order;

    private CollectBench Page => field ??= new CollectBench(Bench);

    private CollectOrder Order => _order!;

    [Fact]
    public async Task Run_JobIsPaused_KeepsWhatHasComeAndGoesWithoutWaiting()
    {
        await DispatchAsync();
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));
        var paused = await ChangeAsync(control => control.Pause());
        var start = Bench.Time.GetUtcNow();

        var report = await Page.RunAsync(Order);

        Assert.Equal(new PageReport(0, 2, 0, 0, Complete: false, paused), report);
        Assert.True(Bench.Time.GetUtcNow() - start < TimeSpan.FromSeconds(5));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_JobIsPausedMeanwhile_SeesItWithinSeconds()
    {
        await DispatchAsync();
        var start = Bench.Time.GetUtcNow();
        Page.Client.Arrivals.Enqueue(async () =>
        {
            await ChangeAsync(control => control.Pause());
            Bench.Time.Advance(TimeSpan.FromSeconds(5));
        });

        var report = await Page.RunAsync(Order);

        Assert.Equal(ControlState.Paused, report.Control?.State);
        Assert.True(Bench.Time.GetUtcNow() - start < TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Run_JobHasGoneOnToAnotherEpoch_GoesAtOnce()
    {
        await DispatchAsync();
        await ChangeAsync(control => control.SendAgain(0));

        var report = await Page.RunAsync(Order);

        Assert.Equal((false, 1), (report.Complete, report.Control?.Epoch));
    }

    [Fact]
    public async Task Run_JobIsStopped_WaitsForTheWorkersAndThenAnswersForTheRest()
    {
        await DispatchAsync();
        await ChangeAsync(control => control.Stop(ByAPerson));
        Page.Client.Arrivals.Enqueue(() => Page.AnswerAsync(1, Samples.Succeeded(2), Samples.Failed(3)));

        var report = await Page.RunAsync(Order);

        Assert.Equal((1, 1, 2, true), (report.Succeeded, report.Failed, report.Canceled, report.Complete));
        Assert.Equal(ControlState.Stopped, report.Control?.State);
        var lines = await Bench.ReadTextAsync((await Bench.ListAsync(Functions.Storage.JobBlobs.PageParts(Job, 0)))[^1]);
        Assert.Equal([0, 1], Samples.Indexes(lines));
        Assert.Contains("\"status\":\"canceled\",\"error\":{\"code\":\"canceled\",\"message\":\"By a person.\"}", lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnswersAfterTheStop_AreNotCountedTwice()
    {
        await DispatchAsync();
        await ChangeAsync(control => control.Stop(ByAPerson));
        await Page.RunAsync(Order);
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));

        var report = await Page.RunAsync(Order);

        Assert.Equal((0, 4, true), (report.Succeeded, report.Canceled, report.Complete));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_MoreFailuresThanAreTolerated_StopsTheJob()
    {
        await DispatchAsync();
        await Page.AnswerAsync(0, Samples.Failed(0), Samples.Failed(1));

        var report = await Page.RunAsync(Order with { MaxFailed = 1 });

        var control = await Page.Controls.ReadAsync(Job, Token);
        Assert.Equal((ControlState.Stopped, JobControl.ToleranceExceeded), (control.State, control.Reason?.Code));
        Assert.Equal((2, 2, true), (report.Failed, report.Canceled, report.Complete));
    }

    [Fact]
    public async Task Run_AsManyFailuresAsAreTolerated_GoesOn()
    {
        await DispatchAsync();
        await Page.AnswerAsync(0, Samples.Failed(0), Samples.Succeeded(1));

        await Page.RunAsync(Order with { MaxFailed = 1 });

        Assert.Equal(JobControl.Initial, await Page.Controls.ReadAsync(Job, Token));
    }

    [Fact]
    public async Task Run_GivenUp_FailsWhatHasNotAnswered()
    {
        await DispatchAsync();
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));

        var report = await Page.RunAsync(Order with { GiveUp = new JobError("no_answer", "Lost.") });

        Assert.Equal(new PageReport(0, 2, 2, 0, Complete: true), report);
    }

    [Fact]
    public async Task Run_GivenUpOnceTheJobIsStopped_CancelsWhatHasNotAnswered()
    {
        await DispatchAsync();
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));
        var stopped = await ChangeAsync(control => control.Stop(ByAPerson));

        var report = await Page.RunAsync(Order with { GiveUp = new JobError("no_answer", "Lost.") });

        Assert.Equal(new PageReport(0, 2, 0, 2, Complete: true, stopped), report);
    }

    [Fact]
    public async Task Run_InstanceKnowsThePauseAndNotTheResumeThatItIsSentFor_GoesOn()
    {
        await DispatchAsync();
        await ChangeAsync(control => control.Pause());
        await Page.RunAsync(Order);
        await new JobControls(Bench.Blobs, Bench.Time).ChangeAsync(Job, control => control.Resume(), Token);
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));
        await Page.AnswerAsync(1, Samples.Succeeded(2), Samples.Succeeded(3));

        var report = await Page.RunAsync(Order with { Epoch = 1 });

        Assert.Equal(new PageReport(0, 4, 0, 0, Complete: true), report);
    }

    [Fact]
    public async Task Run_OnlyToDrain_DoesNotWait()
    {
        await DispatchAsync();
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Succeeded(1));
        var start = Bench.Time.GetUtcNow();

        var report = await Page.RunAsync(Order with { DrainOnly = true });

        Assert.Equal(new PageReport(0, 2, 0, 0, Complete: false), report);
        Assert.True(Bench.Time.GetUtcNow() - start < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Run_RoundOfARedrive_AwaitsItsItemsAlone()
    {
        await DispatchAsync();
        var round = DispatchNumber.Of(epoch: 1);
        await Page.Scopes.CreateOrReadAsync(Job, Order.Page, round, ItemSet.Of([1, 3]), Token);
        await ChangeAsync(control => control.Reopen());
        var order = Order with { Round = round, Epoch = 1 };
        // A failure from before the round says nothing new; a success does. And item 0 is not asked for.
        await Page.AnswerAsync(0, Samples.Succeeded(0), Samples.Failed(1), Samples.Succeeded(3));
        await Page.AnswerAsync(DispatchNumber.FirstChunk(round), Samples.Succeeded(1));

        var report = await Page.RunAsync(order);

        Assert.Equal(new PageReport(0, 2, 0, 0, Complete: true), report);
        Assert.Equal([1, 3], Samples.Indexes(await Bench.ReadTextAsync(Functions.Storage.JobBlobs.PagePart(Job, 0, round, 0))));
    }

    private async Task DispatchAsync()
    {
        var options = new JobOptions { ChunkItems = 2 };
        var dispatch = new DispatchBench(Bench, options);
        await dispatch.PlanAsync([.. Enumerable.Range(0, Items).Select(i => Samples.Item(i))]);
        _order = new CollectOrder(Job, (await dispatch.RunAsync()).Page, DispatchBench.Input, options);
    }

    private Task<JobControl> ChangeAsync(Func<JobControl, JobControl?> change) => Page.Controls.ChangeAsync(Job, change, Token);
}
