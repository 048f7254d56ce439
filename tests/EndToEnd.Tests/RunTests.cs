using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>Jobs from submit to results.</summary>
public sealed class RunTests(StorageEmulator storage)
{
    [Fact]
    public async Task Run_OneItem_Succeeds()
    {
        await using var app = await LocalApp.StartAsync(storage);

        var job = await app.Jobs.SubmitAsync("?model=simulate", ["""{"id":"a","input":{"id":7,"duration":0},"meta":{"row":1}}"""]);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        var result = await app.Jobs.ResultsAsync(job.Id).SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("a", result.Id);
        Assert.Equal("Event 7 processed", result.Output?.GetString());
        Assert.Equal(1, result.Attempts);
        Assert.Equal(1, result.Meta?.GetProperty("row").GetInt32());
    }

    [Fact]
    public async Task Run_HundredThousandItems_KeepsMemoryBounded()
    {
        await using var app = await LocalApp.StartAsync(storage);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var lines = Enumerable.Range(0, 100_000).Select(i => $$$"""{"input":{"id":{{{i}}},"duration":0}}""");

        var job = await app.Jobs.SubmitAsync("?model=simulate", lines);
        job = await app.Jobs.WaitAsync(job.Id, TimeSpan.FromMinutes(3));

        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(growth < 64 * 1024 * 1024, $"The managed heap grew by {growth / 1024 / 1024} MiB.");
        await Invariants.CheckAsync(app, job);
        Assert.Equal(100_000, job.Items.Succeeded);
    }

    [Fact]
    public async Task Run_TwoJobsAtOnce_KeepsThemApart()
    {
        await using var app = await LocalApp.StartAsync(storage);

        var first = await app.Jobs.SubmitAsync("?model=simulate&chunkItems=3", Items("a", 500));
        var second = await app.Jobs.SubmitAsync("?model=simulate&chunkItems=5&orderByKey=true", Items("b", 700));
        first = await app.Jobs.WaitAsync(first.Id);
        second = await app.Jobs.WaitAsync(second.Id);

        await Invariants.CheckAsync(app, first);
        await Invariants.CheckAsync(app, second);
        Assert.Equal(500, await app.Jobs.ResultsAsync(first.Id).CountAsync(line => line.Id.StartsWith('a'), TestContext.Current.CancellationToken));
        Assert.Equal(700, await app.Jobs.ResultsAsync(second.Id).CountAsync(line => line.Id.StartsWith('b'), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&orderByKey=true")]
    public async Task Run_ChunkOverTheMessageSize_TravelsByClaimCheck(string order)
    {
        await using var app = await LocalApp.StartAsync(storage);
        var filler = new string('x', 20_000);
        var lines = Enumerable.Range(0, 40).Select(i => $$$"""{"id":"{{{i}}}","key":"{{{i % 2}}}","input":{"id":"{{{filler}}}{{{i}}}","duration":0},"meta":"{{{filler}}}"}""");

        var job = await app.Jobs.SubmitAsync("?model=simulate&chunkItems=20" + order, lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        await foreach (var line in app.Jobs.ResultsAsync(job.Id))
        {
            Assert.Equal($"Event {filler}{line.Id} processed", line.Output?.GetString());
            Assert.Equal(filler, line.Meta?.GetString());
        }
    }

    [Fact]
    public async Task Run_SomeItemsFail_FailAloneWithTheirReasons()
    {
        await using var app = await LocalApp.StartAsync(storage);
        string[] lines =
        [
            """{"id":"good","input":{"id":1,"duration":0}}""",
            """{"id":"poison","input":{"id":2,"duration":0,"fail":"permanent"}}""",
            """{"id":"flaky","input":{"id":3,"duration":0,"fail":"transient","failTimes":2}}""",
            """{"id":"stuck","input":{"id":4,"duration":0,"fail":"transient"}}""",
            """{"id":"wrong","input":"not an event"}""",
        ];

        var job = await app.Jobs.SubmitAsync("?model=simulate", lines);
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        var results = await app.Jobs.ResultsAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken);
        var errors = await app.Jobs.ErrorsAsync(job.Id).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["good", "flaky"], results.Select(line => line.Id));
        Assert.Equal([1, 3], results.Select(line => line.Attempts));
        Assert.Equal([("poison", 1), ("stuck", 15), ("wrong", 1)], errors.Select(line => (line.Id, line.Attempts)));
        Assert.Equal("invalid_input", errors[2].Error?.Code);
    }

    [Fact]
    public async Task Run_JsonBody_GivesTheSameAsLines()
    {
        await using var app = await LocalApp.StartAsync(storage);
        using var body = new StringContent(
            """{"model":"simulate","items":[{"input":{"id":1,"duration":0}},{"id":5,"input":{"id":2,"duration":0}}],"options":{"chunkItems":1}}""",
            System.Text.Encoding.UTF8,
            "application/json");

        using var answer = await app.Jobs.PostAsync("", body);
        var job = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), ContractsJson.Wire.Job)!;
        job = await app.Jobs.WaitAsync(job.Id);

        await Invariants.CheckAsync(app, job);
        Assert.Equal(["1", "5"], await app.Jobs.ResultsAsync(job.Id).Select(line => line.Id).ToListAsync(TestContext.Current.CancellationToken));
    }

    private static IEnumerable<string> Items(string prefix, int count) =>
        Enumerable.Range(0, count).Select(i => $$$"""{"id":"{{{prefix}}}{{{i}}}","key":"{{{i % 9}}}","input":{"id":{{{i}}},"duration":0}}""");
}
