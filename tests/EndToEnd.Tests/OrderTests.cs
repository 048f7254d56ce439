using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Order by key.</summary>
public sealed class OrderTests(StorageEmulator storage)
{
    [Fact]
    public async Task Run_FiftyKeysWithSlowItemsAndTransientFailures_KeepsOrderPerKey()
    {
        await using var app = await LocalApp.StartAsync(storage);
        var random = new Random(42);
        var lines = Enumerable.Range(0, 1000).Select(i => random.Next(20) switch
        {
            0 => Line(i, """{"id":%,"duration":0.01}"""),
            1 => Line(i, """{"id":%,"duration":0,"fail":"transient","failTimes":2}"""),
            2 => Line(i, """{"id":%,"duration":0,"fail":"permanent"}"""),
            _ => Line(i, """{"id":%,"duration":0}"""),
        }).ToList();

        var job = await app.Jobs.SubmitAsync("?model=recorded&orderByKey=true&chunkItems=7", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(50, app.Recorder.Attempts.Select(attempt => attempt.Key).Distinct().Count());
        Assert.Contains(app.Recorder.Attempts, attempt => attempt.Number == 3);
        Assert.True(app.Recorder.MaxRunning > 1, "Lanes must not wait for each other.");
        Assert.True(job.Items.Failed > 0);
    }

    [Fact]
    public async Task Run_OrderedOverManyPages_KeepsOrderAcrossPages()
    {
        await using var app = await LocalApp.StartAsync(storage);
        // One item a chunk: pages of 200, 200, 400 and 100 items.
        var lines = Enumerable.Range(0, 900).Select(i => $$$"""{"key":"k{{{i % 3}}}","input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&orderByKey=true&chunkItems=1", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(4, job.Pages.Total);
    }

    [Fact]
    public async Task Run_ItemsWithoutKey_RunUnorderedBesideTheLanes()
    {
        await using var app = await LocalApp.StartAsync(storage);
        var lines = Enumerable.Range(0, 100).Select(i => i % 2 == 0
            ? $$$"""{"key":"k","input":{"id":{{{i}}},"duration":0}}"""
            : $$$"""{"input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&orderByKey=true&chunkItems=5", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(100, job.Items.Succeeded);
    }

    [Fact]
    public async Task Run_MaxConcurrencyTwo_RunsAtMostTwoChunksAtOnce()
    {
        await using var app = await LocalApp.StartAsync(storage);
        var lines = Enumerable.Range(0, 60).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":0.005}}""");

        var job = await app.Jobs.SubmitAsync("?model=recorded&maxConcurrency=2&chunkItems=3", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(2, app.Recorder.MaxRunning);
    }

    private static string Line(int i, string input) => $$$"""{"key":"key-{{{i % 50}}}","input":{{{input.Replace("%", $"{i}", StringComparison.Ordinal)}}}}""";
}
