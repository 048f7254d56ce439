using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Tests.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Status;

public sealed class GetResultsTests(StorageEmulator storage) : FlowTest(storage)
{
    private readonly TimerLog _time = new();

    private StatusBench Status => field ??= new StatusBench(Bench);

    private static JobRun Redriven => StatusBench.Run with { Round = 100, Redrive = new RedriveOrder("selection", Discard: false) };

    private GetResults Function => new(Bench.Blobs, _time);

    [Fact]
    public async Task Results_JobIsRunning_GivesWhatIsThereAndEnds()
    {
        Status.IsRunning();
        await AssembleAsync(page: 0);
        var (request, body) = StatusBench.Request();

        var result = await Function.Results(request, Job, Status.Durable, Token);
        await result.ExecuteAsync(request.HttpContext).BoundedAsync();

        Assert.Equal([0], Samples.Indexes(StatusBench.Text(body)));
        Assert.Equal("application/x-ndjson", request.HttpContext.Response.ContentType);
    }

    [Fact]
    public async Task Results_Follow_GivesEachLineOnceUntilTheJobHasEnded()
    {
        Status.IsRunning();
        await AssembleAsync(page: 0);
        var (request, body) = StatusBench.Request("?follow=true");

        var result = await Function.Results(request, Job, Status.Durable, Token);
        var following = result.ExecuteAsync(request.HttpContext);
        await _time.NextTimerAsync();
        var first = Samples.Indexes(StatusBench.Text(body));
        await AssembleAsync(page: 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _time.NextTimerAsync();
        var second = Samples.Indexes(StatusBench.Text(body));
        await AssembleAsync(page: 2);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 3, failed: 3), StatusBench.Planned);
        _time.Advance(TimeSpan.FromSeconds(1));
        await following.BoundedAsync();

        Assert.Equal([0], first);
        Assert.Equal([0, 2], second);
        Assert.Equal([0, 2, 4], Samples.Indexes(StatusBench.Text(body)));
    }

    [Fact]
    public async Task Results_Follow_EndsWithTheJobAndNotWithTheInterval()
    {
        Status.IsRunning();
        var (request, body) = StatusBench.Request("?follow=true");

        var result = await Function.Results(request, Job, Status.Durable, Token);
        var following = result.ExecuteAsync(request.HttpContext);
        await _time.NextTimerAsync();
        await AssembleAsync(page: 0);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 1, failed: 1), StatusBench.Planned);
        Status.Durable.Completion.SetResult((await Status.Durable.GetInstanceAsync(Job, getInputsAndOutputs: true, Token))!);
        await following.BoundedAsync();

        Assert.Equal([0], Samples.Indexes(StatusBench.Text(body)));
    }

    [Fact]
    public async Task Results_FollowBeforeTheFirstLine_WaitsForIt()
    {
        Status.IsRunning();
        var (request, body) = StatusBench.Request("?follow=true");

        var result = await Function.Results(request, Job, Status.Durable, Token);
        var following = result.ExecuteAsync(request.HttpContext);
        await _time.NextTimerAsync();
        await AssembleAsync(page: 0);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 1, failed: 1), StatusBench.Planned);
        _time.Advance(TimeSpan.FromSeconds(1));
        await following.BoundedAsync();

        Assert.Equal([0], Samples.Indexes(StatusBench.Text(body)));
    }

    [Fact]
    public async Task Results_FollowARedrive_GivesEachLineOnceWhenItHasEnded()
    {
        await AssembleAsync(page: 0);
        await AssembleAsync(page: 2);
        Status.Durable.Set(Redriven, OrchestrationRuntimeStatus.Running);
        var (request, body) = StatusBench.Request("?follow=true");

        var result = await Function.Results(request, Job, Status.Durable, Token);
        var following = result.ExecuteAsync(request.HttpContext);
        await _time.NextTimerAsync();
        var first = StatusBench.Text(body);
        await AssembleAsync(page: 1);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 3, failed: 3), StatusBench.Planned, run: Redriven);
        _time.Advance(TimeSpan.FromSeconds(1));
        await following.BoundedAsync();

        Assert.Equal("", first);
        Assert.Equal([0, 2, 4], Samples.Indexes(StatusBench.Text(body)));
    }

    [Fact]
    public async Task Results_JobIsRedrivenWhileItIsFollowed_BreaksOff()
    {
        Status.IsRunning();
        await AssembleAsync(page: 0);
        var (request, _) = StatusBench.Request("?follow=true");

        var result = await Function.Results(request, Job, Status.Durable, Token);
        var following = result.ExecuteAsync(request.HttpContext);
        await _time.NextTimerAsync();
        Status.Durable.Set(Redriven, OrchestrationRuntimeStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<InvalidOperationException>(() => following.BoundedAsync());
    }

    [Fact]
    public async Task Errors_JobHasEnded_GivesTheFailedItems()
    {
        await AssembleAsync(page: 0);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 1, failed: 1), StatusBench.Planned);
        var (request, body) = StatusBench.Request("?follow=true");

        var result = await Function.GetErrors(request, Job, Status.Durable, Token);
        await result.ExecuteAsync(request.HttpContext).BoundedAsync();

        Assert.Equal([1], Samples.Indexes(StatusBench.Text(body)));
        Assert.Equal(0, _time.Pending);
    }

    [Fact]
    public async Task Results_NoSuchJob_IsRefused()
    {
        var (request, _) = StatusBench.Request();

        var refused = await Assert.ThrowsAsync<ProblemException>(() => Function.Results(request, Job, Status.Durable, Token));

        Assert.Equal(404, refused.Problem.Status);
    }

    [Fact]
    public async Task CopyNew_BlobHasGrown_ReadsOnlyWhatIsNew()
    {
        // What was read before is changed, so that reading it again would show.
        var reader = new GrowingBlob(Bench.Blobs.Blob("growing"));
        using var target = new MemoryStream();

        await reader.CopyNewAsync(target, Token);
        await Bench.StoreAsync("growing", "first\n"u8.ToArray());
        await reader.CopyNewAsync(target, Token);
        await Bench.StoreAsync("growing", "-----\nsecond\n"u8.ToArray());
        await reader.CopyNewAsync(target, Token);
        await reader.CopyNewAsync(target, Token);

        Assert.Equal("first\nsecond\n", StatusBench.Text(target));
    }

    /// <summary>Assembles a page of two items: the even one succeeded, the odd one failed.</summary>
    private async Task AssembleAsync(int page)
    {
        await Status.CommitAsync(page, Samples.Succeeded(2 * page), Samples.Failed((2 * page) + 1));
        await new AssembleResults(Bench.Blobs, new OrderedBlob(Bench.Blobs), Bench.Time).Run(new AssembleOrder(Job, [page]), Token).BoundedAsync();
    }
}
