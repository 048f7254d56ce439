using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Dispatch;

/// <summary>Pages that are dispatched at once, of which the first meets a storage that hangs.</summary>
public sealed class DispatchPageTurnTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly ChunkItem[] Items = [.. Enumerable.Range(0, 4).Select(index => Samples.Item(index))];

    private readonly StorageEmulator _storage = storage;

    [Theory]
    [InlineData("GET", "input")]
    [InlineData("GET", "plan.jsonl")]
    public async Task Run_PageBeforeIsReadSlowly_GoesFirst(string method, string blob)
    {
        var (dispatch, pages) = await StoreAsync();
        using var hold = new HoldRequests(method, blob);
        var (blobs, inputs) = Through(hold);
        var order = dispatch.Order();

        var slow = dispatch.RunAsync(blob == "input" ? order with { Pages = pages } : order, blobs, inputs);
        await hold.Reached;
        await Bench.AdvanceUntilAsync(dispatch.RunAsync(dispatch.Order(page: 1) with { Pages = pages }), TimeSpan.FromSeconds(1));
        Assert.Equal([2L, 3L], await dispatch.IndexesAsync(await dispatch.ChunksAsync(Queues.Chunks)));
        hold.LetGo();
        await slow;

        // Planned anew, all items are one page.
        Assert.Equal(blob == "input" ? [2L, 3L, 0L, 1L] : [2L, 3L, 0L, 1L, 2L, 3L], await dispatch.IndexesAsync(await dispatch.ChunksAsync(Queues.Chunks)));
    }

    [Fact]
    public async Task Run_PlanOfThePageBeforeIsStoredSlowly_DoesNotWait()
    {
        var (dispatch, pages) = await StoreAsync();
        using var hold = new HoldRequests("PUT", "plan.jsonl");
        var (blobs, inputs) = Through(hold);

        var slow = dispatch.RunAsync(dispatch.Order() with { Pages = pages }, blobs, inputs);
        await hold.Reached;
        await dispatch.RunAsync(dispatch.Order(page: 1) with { Pages = pages });
        Assert.False(slow.IsCompleted);
        hold.LetGo();
        await slow;

        Assert.Equal([0L, 1L, 2L, 3L], await dispatch.IndexesAsync(await dispatch.ChunksAsync(Queues.Chunks)));
    }

    private async Task<(DispatchBench Dispatch, PagePlan[] Pages)> StoreAsync()
    {
        var dispatch = new DispatchBench(Bench, new JobOptions { ChunkItems = 2 });
        await dispatch.PlanAsync(Items);
        var bytes = Samples.Lines([.. Items.Take(2)]).Length;
        return (dispatch, [new(0, 0, bytes, 0, 2), new(1, bytes, Samples.Lines(Items).Length - bytes, 2, 2)]);
    }

    private (JobBlobs Blobs, RecentInputs Inputs) Through(HoldRequests hold)
    {
        var options = new BlobClientOptions();
        options.AddPolicy(hold, HttpPipelinePosition.PerCall);
        var blobs = new JobBlobs(new BlobServiceClient(_storage.ConnectionString, options), Bench.Settings);
        return (blobs, new RecentInputs(blobs, Bench.Settings));
    }

    /// <summary>Holds requests about a blob until they are let go.</summary>
    private sealed class HoldRequests(string method, string blob) : HttpPipelinePolicy, IDisposable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task.BoundedAsync();

        public void LetGo() => _letGo.TrySetResult();

        public void Dispose() => LetGo();

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => ProcessNext(message, pipeline);

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (message.Request.Method.Method == method && message.Request.Uri.Path.EndsWith(blob, StringComparison.Ordinal))
            {
                _reached.TrySetResult();
                await _letGo.Task;
            }

            await ProcessNextAsync(message, pipeline);
        }
    }
}
