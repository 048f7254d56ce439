using ModelJobs.Bench.Measure;

namespace ModelJobs.Bench.WholePath;

/// <summary>
/// Measures the whole path: HTTP in, events to chunks, over the queue to the model, answers back, results in order out of HTTP. Every size
/// has a process and a data folder of its own, so that its peak memory is its own too.
/// </summary>
internal static class PathRun
{
    /// <summary>Jobs of this size and above run once: they take long enough to be their own average.</summary>
    private const int LargeJob = 500_000;

    public static async Task<PathMeasurement> MeasureAsync(BenchOptions options, string state, int events, int chunkItems)
    {
        await using var app = await ServedJobs.StartAsync(state, options.Concurrency);
        var first = await Warmup.RunAsync(options.Warmup, warm => app.RunAsync(warm, chunkItems));
        var repeats = events < LargeJob ? options.Repeats : 1;
        var seconds = new List<double>();
        var before = (App: app.App, Azurite: app.Azurite);
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            seconds.Add(await app.RunAsync(events, chunkItems));
        }

        var after = (App: app.App, Azurite: app.Azurite);
        var cpu = after.App.Cpu - before.App.Cpu + (after.Azurite.Cpu - before.Azurite.Cpu);
        var written = after.App.WrittenBytes - before.App.WrittenBytes + (after.Azurite.WrittenBytes - before.Azurite.WrittenBytes);
        return new PathMeasurement(
            events, chunkItems, state, first, Median.Of(seconds), cpu.TotalSeconds / repeats, (double)written / repeats, after.App.PeakBytes,
            after.Azurite.PeakBytes);
    }
}
