using System.Globalization;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.OpenAi;

namespace ModelJobs.EndToEnd.Tests.Fairness;

/// <summary>
/// Times of a job of ten items, alone and beside one of 100,000 on the same model. They depend on the machine: run by
/// <c>MODELJOBS_FAIRNESS=100000</c>, the size of the large job.
/// </summary>
public sealed class SmallJobTimeTests(StorageEmulator storage, ITestOutputHelper output)
{
    private const string SizeVariable = "MODELJOBS_FAIRNESS";
    private const int Small = 10;
    private const int Runs = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("simulate", """{"id":1,"duration":0.02}""")]
    [InlineData("chat", "\"text\"")]
    public async Task Run_SmallJobBesideALargeOne_TakesAtMostThreeTimesItsTimeAlone(string model, string input)
    {
        Assert.SkipUnless(
            int.TryParse(Environment.GetEnvironmentVariable(SizeVariable), CultureInfo.InvariantCulture, out var large), $"{SizeVariable} is not set.");
        // 50 calls a second, a second's worth at once.
        var standIn = new OpenAiStandIn(TimeProvider.System) { Requests = new StandInLimit(3_000, burstSeconds: 1), Latency = _ => TimeSpan.FromMilliseconds(200) };
        await using var server = await StandInServer.StartAsync(standIn, TestContext.Current.CancellationToken);
        await using var app = await LocalApp.StartAsync(
            storage, "Models:chat:Runner=chat", $"Models:chat:Endpoint={server.Endpoint}", "Models:chat:Model=stand-in", "Models:simulate:Runner=simulate");
        await TimeAsync(app, model, input);

        var alone = await MedianAsync(app, model, input);
        var beside = await app.Jobs.SubmitAsync($"?model={model}", Lines(large, input));
        await app.Jobs.WaitAsync(beside.Id, job => job.Items.Succeeded > 100);
        var together = await MedianAsync(app, model, input);
        var then = await app.Jobs.WaitAsync(beside.Id, _ => true);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model}: {Small} items alone {alone.TotalMilliseconds:F0} ms, beside {large} items {together.TotalMilliseconds:F0} ms, {together / alone:F2} times; {then.Items.Succeeded} of the large job were done by then"));
        Assert.Null(then.CompletedAt);
        Assert.InRange(together / alone, 0, 3);
        await app.Jobs.ControlAsync(beside.Id, "cancel");
        await app.Jobs.WaitAsync(beside.Id, Limit);
    }

    private static async Task<TimeSpan> MedianAsync(LocalApp app, string model, string input)
    {
        var times = new List<TimeSpan>();
        for (var run = 0; run < Runs; run++)
        {
            times.Add(await TimeAsync(app, model, input));
        }

        return times.Order().ElementAt(Runs / 2);
    }

    private static async Task<TimeSpan> TimeAsync(LocalApp app, string model, string input)
    {
        var start = TimeProvider.System.GetTimestamp();
        var job = await app.Jobs.SubmitAsync($"?model={model}", Lines(Small, input));
        job = await app.Jobs.WaitAsync(job.Id, Limit);
        Assert.Equal((JobStatus.Succeeded, (long)Small), (job.Status, job.Items.Succeeded));
        return TimeProvider.System.GetElapsedTime(start);
    }

    private static IEnumerable<string> Lines(int count, string input) => Enumerable.Repeat($$"""{"input":{{input}}}""", count);
}
