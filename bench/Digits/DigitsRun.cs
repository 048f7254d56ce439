using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using ModelJobs.Bench.InProcess;
using ModelJobs.Bench.Measure;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Bench.Digits;

/// <summary>The digits through the system, and through a plain loop over a session like the app's, by turns, in one process.</summary>
internal static class DigitsRun
{
    /// <summary>Measures and prints.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="items">Items of a round.</param>
    /// <param name="batchItems">Items of a run of the session: of a chunk, of the loop's batch.</param>
    /// <param name="threads">Threads of a run of the session, of the app's and of the loop's.</param>
    /// <param name="rounds">Rounds, of which the median counts.</param>
    /// <param name="warmups">Rounds before.</param>
    public static async Task MeasureAsync(TextWriter output, int items, int batchItems, int threads, int rounds, int warmups)
    {
        await using var app = await AppInProcess.StartAsync($"--Models:digits:{nameof(OnnxRunnerOptions.IntraOpThreads)}={threads}");
        using var folder = new TemporaryFolder();
        using var loop = new PlainLoop(batchItems, new OnnxRunnerOptions { IntraOpThreads = threads });
        var (input, fromLoop, fromSystem) = (folder.File("digits.jsonl"), folder.File("loop.jsonl"), folder.File("system.jsonl"));
        DigitLines.Write(input, items);
        var measured = new List<Round>();
        for (var round = -warmups; round < rounds; round++)
        {
            // What the one left behind is not to be cleared up in the time of the other.
            Collect();
            var beforeAlone = Cpu();
            var alone = loop.RunAlone(items);
            var aloneCpu = Cpu() - beforeAlone;
            Collect();
            var before = Cpu();
            var (seconds, running) = loop.Run(input, fromLoop);
            var between = Cpu();
            Collect();
            var (begin, beginAzurite) = (Cpu(), AzuriteCpu());
            var system = await RunAsync(app, input, fromSystem, batchItems);
            var (end, endAzurite) = (Cpu(), AzuriteCpu());
            if (round >= 0)
            {
                measured.Add(new Round(
                    alone, seconds, running, system, aloneCpu.TotalSeconds, (between - before).TotalSeconds, (end - begin).TotalSeconds,
                    (endAzurite - beginAzurite).TotalSeconds));
            }
        }

        CheckSame(fromLoop, fromSystem);
        Print(output, items, batchItems, threads, measured);
        using var log = new TraceLog();
        using var trace = log.Begin();
        await RunAsync(app, input, fromSystem, batchItems);
        trace.Stop();
        Timeline.Print(output, trace.StartTimeUtc, log.Take(trace));
    }

    private static async Task<double> RunAsync(AppInProcess app, string input, string output, int batchItems)
    {
        var start = Stopwatch.GetTimestamp();
        using var body = new StreamContent(File.OpenRead(input));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        var job = await app.Jobs.SubmitAsync($"model=digits&chunkItems={batchItems}", body);
        await app.Jobs.EndOfAsync(job.Id);
        await using (var results = File.Create(output))
        await using (var lines = await app.Jobs.ResultsAsync(job.Id))
        {
            await lines.CopyToAsync(results);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // The last bits of a probability depend on how many items share a run, which chunks that wait together decide.
    private static void CheckSame(string fromLoop, string fromSystem)
    {
        var number = 0;
        foreach (var (loop, system) in File.ReadLines(fromLoop).Zip(File.ReadLines(fromSystem)))
        {
            if (UpToProbabilities(loop) != UpToProbabilities(system))
            {
                throw new InvalidDataException($"Line {number + 1} of the results is '{system}' where the loop has '{loop}'.");
            }

            number++;
        }

        if (number != File.ReadLines(fromLoop).Count() || number != File.ReadLines(fromSystem).Count())
        {
            throw new InvalidDataException("The system has another number of results than the loop.");
        }

        static string UpToProbabilities(string line) => line[..line.IndexOf("\"probabilities\"", StringComparison.Ordinal)];
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    // The only child that the app has.
    private static TimeSpan AzuriteCpu() => ProcessUsage.ChildrenOf(Environment.ProcessId).Aggregate(TimeSpan.Zero, (sum, child) => sum + ProcessUsage.Of(child).Cpu);

    private static void Print(TextWriter output, int items, int batchItems, int threads, List<Round> rounds)
    {
        var table = new Table("", "seconds", "fastest", "slowest", "processor seconds", "and Azurite's");
        Add("runs of the session alone, on pixels in memory", round => round.Alone, round => round.AloneCpu);
        Add("plain loop: read, parse, run, write", round => round.Loop, round => round.LoopCpu);
        Add("of it in the runs", round => round.LoopRunning, null);
        Add("the system: submit, run, read results", round => round.System, round => round.SystemCpu, round => round.AzuriteCpu);
        table.Print(output, $"`digits` over {items} items, {batchItems} in a batch, {threads} threads in a run; medians of {rounds.Count} rounds by turns");
        double[] ratios = [.. rounds.Select(round => round.System / round.Loop)];
        output.WriteLine();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"The system takes {Median.Of(ratios):0.00} times the loop (median of the rounds' ratios; {ratios.Min():0.00} to {ratios.Max():0.00})."));

        void Add(string name, Func<Round, double> seconds, Func<Round, double>? cpu, Func<Round, double>? azurite = null)
        {
            double[] all = [.. rounds.Select(seconds)];
            table.Add(name, Text(Median.Of(all)), Text(all.Min()), Text(all.Max()), Of(cpu), Of(azurite));

            string Of(Func<Round, double>? used) => used is null ? "" : Text(Median.Of(rounds.Select(used)));
        }
    }

    private static string Text(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private sealed record Round(
        double Alone, double Loop, double LoopRunning, double System, double AloneCpu, double LoopCpu, double SystemCpu, double AzuriteCpu);
}
