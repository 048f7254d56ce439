using System.Globalization;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Recover;

namespace ModelJobs.EndToEnd.Tests.Crash;

/// <summary>
/// Items that end the process that runs them, among items that fail and many that are well. <c>MODELJOBS_POISON</c> sets the number of items
/// (nightly: 10000, of which 37 fail, 5 of them by ending the process).
/// </summary>
public sealed class PoisonTests(ITestOutputHelper output)
{
    private const int FewItems = 300;
    private const int ManyItems = 10_000;
    private const int MaxLives = 200;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly (string, string)[] Settings =
    [
        ("Models__deadly__Runner", "simulate"),
        ("Models__deadly__AllowCrash", "true"),
        ("Models__mended__Runner", "simulate"),
        ("Models__mended__IgnoreFail", "true"),
        ("Jobs__ReturnDelay", "00:00:00.1"),
        ("Jobs__MaxReturnDelay", "00:00:00.2"),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ItemsThatEndTheProcess_AreParkedAloneAndRedrivenOnceTheCauseIsGone()
    {
        var items = int.TryParse(Environment.GetEnvironmentVariable("MODELJOBS_POISON"), CultureInfo.InvariantCulture, out var many) ? many : FewItems;
        // In CI two bad items, one of which ends the process; of ten thousand 37 and 5.
        var (bad, deadly) = items >= ManyItems ? (37, 5) : (2, 1);
        var step = items / bad;
        var poison = Enumerable.Range(0, bad).Select(i => (long)(i * step) + 7).ToList();
        var folder = Directory.CreateTempSubdirectory("modeljobs-poison-");

        var (job, lives) = await RunAsync(folder.FullName, items, poison, deadly);

        output.WriteLine($"{items} items, {bad} bad, {deadly} deadly: {lives} lives");
        Assert.True(lives > deadly, "No process has ended.");
        await using var app = await ServedApp.StartAsync(folder.FullName, Settings);
        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((items - bad, bad), (job.Items.Succeeded, job.Items.Failed));
        var parked = await app.Jobs.ParkedAsync(job.Id).ToListAsync(Cancel);
        Assert.Equal(poison, parked.Select(item => item.Index));
        Assert.All(parked.Take(deadly), item => Assert.Equal((Poison.WorkerLost, true), (item.Error!.Code, item.History?[^1].Items == 1)));
        Assert.All(parked.Skip(deadly), item => Assert.Equal("simulated", item.Error!.Code));
        Assert.Equal(bad, parked.Select(item => item.Error!.Message).Distinct().Count());

        // The cause is gone.
        var before = await app.Jobs.ResultsAsync(job.Id).ToListAsync(Cancel);
        var begun = app.Log.Count(IsRun);
        await app.Jobs.ControlAsync(job.Id, "redrive", """{"model":"mended","options":{"chunkItems":1}}""");
        job = await app.Jobs.WaitAsync(job.Id, Limit);

        await Invariants.CheckLinesAsync(app.Jobs, job);
        Assert.Equal((JobStatus.Succeeded, (long)items), (job.Status, job.Items.Succeeded));
        Assert.Equal(bad, app.Log.Count(IsRun) - begun);
        var after = await app.Jobs.ResultsAsync(job.Id).ToListAsync(Cancel);
        Assert.Equal(Enumerable.Range(0, items).Select(i => (long)i), after.Select(line => line.Index));
        Assert.Equal(before.Select(Text), after.Where(line => !poison.Contains(line.Index)).Select(Text));
        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>Starts the app again each time that an item has ended it, as the Functions host does with its worker.</summary>
    private static async Task<(Job Job, int Lives)> RunAsync(string folder, int items, List<long> poison, int deadly)
    {
        Job? job = null;
        for (var lives = 1; lives <= MaxLives; lives++)
        {
            await using var app = await ServedApp.StartAsync(folder, Settings);
            try
            {
                job ??= await app.Jobs.SubmitAsync("?model=deadly", Enumerable.Range(0, items).Select(i => Line(i, poison, deadly)), "poison");
                return (await app.Jobs.WaitAsync(job.Id, Limit), lives);
            }
            catch (Exception ended) when (ended is HttpRequestException or IOException)
            {
                Assert.True(await app.EndedAsync(Limit), $"The connection ended, but not the process: {ended.Message}");
            }
        }

        throw new InvalidOperationException($"The job has not ended in {MaxLives} lives.");
    }

    private static string Line(int i, List<long> poison, int deadly)
    {
        var bad = poison.IndexOf(i);
        var fail = bad < 0 ? "" : bad < deadly ? ",\"fail\":\"crash\"" : bad % 2 == 0 ? ",\"fail\":\"permanent\"" : ",\"fail\":\"transient\"";
        return $$$"""{"id":"{{{i}}}","input":{"id":{{{i}}},"duration":0{{{fail}}}}}""";
    }

    private static bool IsRun(string line) => line.Contains("Executing 'ProcessChunk'", StringComparison.Ordinal)
        || line.Contains("Executing 'ProcessExpressChunk'", StringComparison.Ordinal);

    private static string Text(ItemResult line) => $"{line.Index} {line.Id} {line.Output} {line.Attempts}";
}
