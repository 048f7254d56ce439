using ModelJobs.Contracts;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>What runs measured is added up once for each answer that counts.</summary>
public sealed class CollectPageTimingTests(StorageEmulator storage) : FlowTest(storage)
{
    private CollectBench Page => field ??= new CollectBench(Bench);

    [Fact]
    public async Task Run_AnswersWithTimings_ReportsTheirSums()
    {
        await AnswerAsync(0, seconds: 2, Samples.Succeeded(0), Samples.Failed(1));
        await AnswerAsync(1, seconds: 3, Samples.Succeeded(2));
        await Page.AnswerAsync(2, Samples.Failed(3));

        var sums = (await Page.RunAsync(CollectBench.Order(items: 4))).Sums!;

        Assert.Equal((2, 3, 2, TimeSpan.FromSeconds(5)), (sums.Runs, sums.Items, sums.Answers, sums.Task));
    }

    [Fact]
    public async Task Run_AnswersOverSeveralParts_AddsThemUpFromStorage()
    {
        await AnswerAsync(0, seconds: 2, Samples.Succeeded(0));
        var first = await Page.RunAsync(CollectBench.Order(items: 2));
        await AnswerAsync(1, seconds: 3, Samples.Succeeded(1));

        var second = await Page.RunAsync(CollectBench.Order(items: 2));
        var again = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Null(first.Sums);
        Assert.Equal((2, TimeSpan.FromSeconds(5)), (second.Sums!.Runs, second.Sums.Task));
        Assert.Equal((2, TimeSpan.FromSeconds(5)), (again.Sums!.Runs, again.Sums.Task));
    }

    [Fact]
    public async Task Run_ChunkAnswersTwice_CountsTheRunThatCounts()
    {
        await AnswerAsync(0, seconds: 2, Samples.Succeeded(0));
        ForgetAnswers();
        await AnswerAsync(0, seconds: 9, Samples.Succeeded(0));
        await Page.RunAsync(CollectBench.Order(items: 3));
        ForgetAnswers();
        // After the part: one answer of which nothing counts, one of which an item does.
        await AnswerAsync(0, seconds: 9, Samples.Succeeded(0));
        await AnswerAsync(1, seconds: 4, Samples.Succeeded(0), Samples.Succeeded(1), Samples.Succeeded(2));

        var sums = (await Page.RunAsync(CollectBench.Order(items: 3))).Sums!;

        Assert.Equal((2, 3, TimeSpan.FromSeconds(6)), (sums.Runs, sums.Items, sums.Task));
    }

    [Fact]
    public async Task Run_ExternalWorkers_CountsWhatCanBeHad()
    {
        var bench = new ExternalBench(Bench);
        await bench.DispatchAsync();
        for (var chunk = 0; chunk < ExternalBench.Items / 2; chunk++)
        {
            await bench.AnswerWellAsync(chunk);
        }


        var sums = (await bench.MeasureAsync()).Sums!;

        Assert.Equal((0, ExternalBench.Items, TimeSpan.Zero), (sums.Runs, sums.Items, sums.Task));
        Assert.True(sums.Answers > 0 && sums.Attempts >= ExternalBench.Items, $"{sums}");
    }

    private Task AnswerAsync(int chunk, double seconds, params IReadOnlyList<ItemResult> results) => Bench.Results.SendAsync(
        Samples.Chunk(chunk),
        results,
        Token,
        timing: new RunTiming { Instance = "instance", Runs = 1, Task = TimeSpan.FromSeconds(seconds), Attempts = results.Count });

    /// <summary>Lets duplicate detection forget the answers so far.</summary>
    private void ForgetAnswers() => Bench.Time.Advance(TimeSpan.FromMinutes(11));
}
