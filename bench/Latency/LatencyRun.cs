using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using ModelJobs.Bench.InProcess;
using ModelJobs.Bench.Measure;

namespace ModelJobs.Bench.Latency;

/// <summary>Jobs of one item, one after another: how long each takes from the request to its result, and with which steps.</summary>
internal static class LatencyRun
{
    private static readonly byte[] Item = "{\"input\":{\"id\":1,\"duration\":0}}\n"u8.ToArray();

    /// <summary>Measures and prints.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="jobs">Jobs of each half: first nobody listens, then each step is taken down.</param>
    /// <param name="warmup">How long jobs run before.</param>
    public static async Task MeasureAsync(TextWriter output, int jobs, TimeSpan warmup)
    {
        TraceLog.ShowWholeUrls();
        await using var app = await AppInProcess.StartAsync();
        await Warmup.RunAsync(warmup, async _ => (await RunAsync(app)).Times.Milliseconds);
        var floor = await FloorAsync(app.Blobs, jobs);
        var plain = new List<JobTimes>();
        for (var i = 0; i < jobs; i++)
        {
            plain.Add((await RunAsync(app)).Times);
        }

        var traced = new List<JobTimes>();
        var steps = new List<double[]>();
        var calls = new StorageCalls();
        using (var log = new TraceLog())
        {
            for (var i = 0; i < jobs; i++)
            {
                using var trace = log.Begin();
                var (job, times) = await RunAsync(app);
                trace.Stop();
                var events = log.Take(trace);
                traced.Add(times);
                steps.Add(JobSteps.Of(times, events, [.. await app.Durable.GetOrchestrationHistoryAsync(job)]));
                calls.Add(job, app.Blobs.Uri, times, events);
            }
        }

        floor = [.. floor, .. await FloorAsync(app.Blobs, jobs)];
        Print(output, plain, traced, steps, calls, floor);
    }

    private static async Task<(string Job, JobTimes Times)> RunAsync(AppInProcess app)
    {
        using var item = new ByteArrayContent(Item);
        item.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        var sent = DateTime.UtcNow;
        var accepted = await app.Jobs.SubmitAsync("model=simulate", item);
        var acceptedAt = DateTime.UtcNow;
        await app.Jobs.EndOfAsync(accepted.Id);
        var endedAt = DateTime.UtcNow;
        using var results = new StreamReader(await app.Jobs.ResultsAsync(accepted.Id));
        var lines = await results.ReadToEndAsync();
        var times = new JobTimes(sent, acceptedAt, endedAt, DateTime.UtcNow);
        return lines.StartsWith("{\"index\":0,", StringComparison.Ordinal) && lines.IndexOf('\n', StringComparison.Ordinal) == lines.Length - 1
            ? (accepted.Id, times)
            : throw new InvalidDataException($"Job {accepted.Id} has other results than one: {lines}");
    }

    // One after another, as the calls of a job are.
    private static async Task<List<double>> FloorAsync(BlobServiceClient storage, int puts)
    {
        var container = storage.GetBlobContainerClient("floor");
        await container.CreateIfNotExistsAsync();
        var milliseconds = new List<double>(puts);
        for (var i = 0; i < puts; i++)
        {
            using var content = new MemoryStream(Item);
            var start = Stopwatch.GetTimestamp();
            await container.GetBlockBlobClient(string.Create(CultureInfo.InvariantCulture, $"blob-{i}")).UploadAsync(content);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return milliseconds;
    }

    private static void Print(
        TextWriter output, List<JobTimes> plain, List<JobTimes> traced, List<double[]> steps, StorageCalls calls, List<double> floor)
    {
        var whole = new Table("one-item job, ms", "median", "p95");
        Add(whole, "request to result", plain.Select(job => job.Milliseconds));
        Add(whole, "request to accepted", plain.Select(job => (job.Accepted - job.Sent).TotalMilliseconds));
        Add(whole, "request to end seen", plain.Select(job => (job.Ended - job.Sent).TotalMilliseconds));
        Add(whole, "request to result, while the steps are taken down", traced.Select(job => job.Milliseconds));
        Add(whole, "the floor: one PUT of a small blob", floor);
        whole.Print(output, $"A job of one item, {plain.Count} of them one after another; state and blobs on disk");

        var table = new Table("step, ms", "median", "p95");
        foreach (var (number, step) in JobSteps.Names.Index().Where(step => steps.Exists(job => job[step.Index] != 0)))
        {
            Add(table, step, steps.Select(job => job[number]));
        }

        Add(table, "together", steps.Select(job => job.Sum()));
        table.Print(output, "Its steps, each from the end of the one before");

        var storage = new Table("round trip to storage", "per job", "begins, ms", "median ms", "p95 ms");
        foreach (var kind in calls.Kinds())
        {
            storage.Add(kind.Name, Text(kind.PerJob), Text(Median.Of(kind.Begins)), Text(Median.Of(kind.Milliseconds)), Text(Percentile.Of(kind.Milliseconds, 0.95)));
        }

        storage.Print(output, $"Its round trips to storage: {Text(calls.PerJob)} a job");
    }

    private static void Add(Table table, string name, IEnumerable<double> milliseconds)
    {
        double[] all = [.. milliseconds];
        table.Add(name, Text(Median.Of(all)), Text(Percentile.Of(all, 0.95)));
    }

    private static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
