using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Items that failed, and what a person can do about them.</summary>
public sealed class RedriveTests(StorageEmulator storage)
{
    private const int Items = 10_000;

    /// <summary>Every 271st item: 37 of them.</summary>
    private static readonly int[] Poison = [.. Enumerable.Range(0, Items).Where(i => i % 271 == 5)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redrive_OnAModelThatWorks_RunsTheParkedItemsAloneAndTheOutputIsWhole()
    {
        await using var app = await LocalApp.StartAsync(storage, "Models:mended:Runner=mended");
        var job = await app.Jobs.WaitAsync((await SubmitAsync(app)).Id);
        await Invariants.CheckAsync(app, job);
        Assert.Equal((Items - 37, 37), (job.Items.Succeeded, job.Items.Failed));
        var parked = await app.Jobs.ParkedAsync(job.Id).ToListAsync(Token);
        Assert.Equal(Poison.Select(i => (long)i), parked.Select(item => item.Index));
        Assert.All(parked, item => Assert.Contains($"Event {item.Index} failed", item.Error?.Message, StringComparison.Ordinal));
        var ran = app.Recorder.Attempts.Count;

        await app.Jobs.ControlAsync(job.Id, "redrive", """{"model":"mended"}""");
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((JobStatus.Succeeded, (long)Items), (job.Status, job.Items.Succeeded));
        Assert.Equal(ran, app.Recorder.Attempts.Count);
        Assert.Equal(Poison.Select(i => (long)i), app.Mended.Attempts.Select(attempt => attempt.Index).Order());
        Assert.Empty(await app.Jobs.ParkedAsync(job.Id).ToListAsync(Token));
    }

    [Fact]
    public async Task Redrive_OnTheSameModel_ParksThemAgain()
    {
        await using var app = await LocalApp.StartAsync(storage);
        var job = await app.Jobs.WaitAsync((await SubmitAsync(app)).Id);

        await app.Jobs.ControlAsync(job.Id, "redrive");
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((Items - 37, 37), (job.Items.Succeeded, job.Items.Failed));
        Assert.Equal(Items + 37, app.Recorder.Attempts.Count);
    }

    [Fact]
    public async Task Discard_OfSomeAndRedriveOfTheRest_CountsEachOnce()
    {
        await using var app = await LocalApp.StartAsync(storage, "Models:mended:Runner=mended");
        var job = await app.Jobs.WaitAsync((await SubmitAsync(app)).Id);

        await app.Jobs.ControlAsync(job.Id, "discard", $$"""{"ids":["{{Poison[0]}}","{{Poison[36]}}","no such item"]}""");
        job = await app.Jobs.WaitAsync(job.Id);
        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((Items - 37, 35, 2), (job.Items.Succeeded, job.Items.Failed, job.Items.Discarded));

        await app.Jobs.ControlAsync(job.Id, "redrive", """{"model":"mended"}""");
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((Items - 2, 0, 2), (job.Items.Succeeded, job.Items.Failed, job.Items.Discarded));
        Assert.Equal([ItemStatus.Discarded, ItemStatus.Discarded], await app.Jobs.ErrorsAsync(job.Id).Select(line => line.Status).ToListAsync(Token));
    }

    private static Task<Job> SubmitAsync(LocalApp app) => app.Jobs.SubmitAsync("?model=recorded", Enumerable.Range(0, Items).Select(Line));

    private static string Line(int i) =>
        $$$"""{"id":"{{{i}}}","input":{"id":{{{i}}},"duration":0{{{(i % 271 == 5 ? ",\"fail\":\"permanent\"" : "")}}}}}""";
}
