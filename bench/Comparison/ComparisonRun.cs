using System.Globalization;
using ModelJobs.Bench.Measure;
using ModelJobs.Bench.WholePath;

namespace ModelJobs.Bench.Comparison;

/// <summary>
/// The same work for all, one system after another: so many events that take no time, one in a chunk, fanned out, processed and fanned
/// in with their results in order. All are warmed up in the same way and run as often.
/// </summary>
internal static class ComparisonRun
{
    /// <summary>A slow system is not run again once it has taken this long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task MeasureAsync(TextWriter output, BenchOptions options)
    {
        var ours = await OursAsync(options);
        var table = new Table("system", "events/s", "seconds", "slowest", "first 1,000 events/s", "ours is faster by");
        Add(table, "ModelJobs, durable", ours, ours, options);
        foreach (var name in options.Peers)
        {
            await using var peer = Peer.Create(name, options);
            try
            {
                await peer.StartAsync();
                Add(table, peer.Title, await RunAsync(options, peer.RunAsync), ours, options);
            }
            catch (PeerMissingException missing)
            {
                table.Add($"{peer.Title}: skipped, {missing.Message}", "", "", "", "", "");
            }
        }

        table.Print(output, $"{options.PeerEvents:#,0} events, median of {options.Repeats} runs after {options.Warmup.TotalSeconds} s of small jobs");
    }

    private static async Task<Result> OursAsync(BenchOptions options)
    {
        await using var app = await ServedJobs.StartAsync("Disk", options.Concurrency);
        return await RunAsync(options, events => app.RunAsync(events, chunkItems: 1));
    }

    private static async Task<Result> RunAsync(BenchOptions options, Func<int, Task<double>> runAsync)
    {
        var first = await Warmup.RunAsync(options.Warmup, runAsync);
        var seconds = new List<double>();
        while (seconds.Count < options.Repeats && seconds.Sum() < Patience.TotalSeconds)
        {
            seconds.Add(await runAsync(options.PeerEvents));
        }

        return new Result(first, seconds);
    }

    private static void Add(Table table, string title, Result result, Result ours, BenchOptions options)
    {
        var median = Median.Of(result.Seconds);
        table.Add(
            title,
            Text(options.PeerEvents / median, "#,0"),
            Text(median, "0.00"),
            Text(result.Seconds.Max(), "0.00"),
            Text(Warmup.Events / result.FirstSeconds, "#,0"),
            ReferenceEquals(result, ours) ? "" : Text(median / Median.Of(ours.Seconds), "0.0") + " x");
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private sealed record Result(double FirstSeconds, IReadOnlyList<double> Seconds);
}
