using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Process;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Chunks whose worker fails on them, whatever it does.</summary>
public sealed class DeadLetterTests(StorageEmulator storage)
{
    private readonly ConcurrentBag<string> _deliveries = [];

    [Fact]
    public async Task Run_ChunkThatKillsItsWorker_FailsItsItemsAndTheJobEnds()
    {
        await using var app = await StartAsync(nameof(ProcessChunk), chunk: "/0/2");
        var lines = Enumerable.Range(0, 50).Select(i => $$$"""{"id":"{{{i}}}","input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&chunkItems=10", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal((40, 10), (job.Items.Succeeded, job.Items.Failed));
        var errors = await app.Jobs.ErrorsAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(20, 10).Select(i => $"{i}"), errors.Select(line => line.Id));
        Assert.All(errors, line => Assert.Equal("dead_lettered", line.Error?.Code));
        Assert.Contains("MaxDeliveryCountExceeded", errors[0].Error?.Message, StringComparison.Ordinal);
        Assert.Equal(5, _deliveries.Count);
    }

    [Fact]
    public async Task Run_ChunkInALaneThatKillsItsWorker_LetsTheLaneGoOnInOrder()
    {
        await using var app = await StartAsync(nameof(ProcessOrderedChunk), chunk: "/0/1");
        var lines = Enumerable.Range(0, 50).Select(i => $$$"""{"id":"{{{i}}}","key":"one","input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&chunkItems=10&orderByKey=true", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal((40, 10), (job.Items.Succeeded, job.Items.Failed));
        var errors = await app.Jobs.ErrorsAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(10, 10).Select(i => $"{i}"), errors.Select(line => line.Id));
        Assert.Equal(40, app.Recorder.Attempts.Count);
    }

    /// <summary>Starts an app in which every delivery of one chunk fails before its function runs, as if its worker had died.</summary>
    private Task<LocalApp> StartAsync(string function, string chunk) => LocalApp.StartAsync(storage, builder => builder.UseMiddleware(async (context, next) =>
    {
        if (context.FunctionDefinition.Name == function
            && context.BindingContext.BindingData["MessageId"] is string id
            && id.EndsWith(chunk, StringComparison.Ordinal))
        {
            _deliveries.Add(id);
            throw new InvalidOperationException("The worker dies on this chunk.");
        }

        await next();
    }));
}
