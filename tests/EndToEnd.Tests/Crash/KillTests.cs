using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Store;

namespace ModelJobs.EndToEnd.Tests.Crash;

/// <summary>
/// Kills <c>jobs serve</c> with SIGKILL again and again while it works, at moments that come from a seed, and goes on from the same folder.
/// <c>MODELJOBS_KILLS</c> sets the number of kills (nightly: 50), <c>MODELJOBS_KILL_SEED</c> repeats a run's moments.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 5;
    private const int ItemsPerJob = 240;

    /// <summary>Begins and ends of functions that a life may last, at most.</summary>
    private const int MaxSteps = 200;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Serve_KilledAtRandomMoments_LosesNothingRepeatsNothingAndKeepsTheOrder()
    {
        var kills = Setting("MODELJOBS_KILLS") ?? Kills;
        var seed = Setting("MODELJOBS_KILL_SEED") ?? Random.Shared.Next();
        output.WriteLine($"MODELJOBS_KILLS={kills} MODELJOBS_KILL_SEED={seed}");
        var random = new Random(seed);
        var folder = Directory.CreateTempSubdirectory("modeljobs-kill-");
        var logs = new List<IReadOnlyList<string>>();
        var accepted = new Dictionary<int, Job>();

        for (var life = 0; life < kills; life++)
        {
            await using var app = await ServedApp.StartAsync(folder.FullName);
            app.KillAfter(random.Next(1, MaxSteps));
            // A submission that the kill hits was not acknowledged, and is made again; one that was acknowledged is not.
            for (var job = 0; job <= life && !app.Killed.IsCompleted; job++)
            {
                if (!accepted.ContainsKey(job) && await TrySubmitAsync(app, job) is { } submitted)
                {
                    accepted.Add(job, submitted);
                }
            }

            await app.Killed.WaitAsync(Limit, Cancel);
            await app.DisposeAsync();
            logs.Add(app.Log);
        }

        await using var last = await ServedApp.StartAsync(folder.FullName);
        for (var number = 0; number < kills; number++)
        {
            var job = accepted.TryGetValue(number, out var before) ? before : (await TrySubmitAsync(last, number))!;
            job = await last.Jobs.WaitAsync(job.Id, Limit);
            await Invariants.CheckLinesAsync(last.Jobs, job);
            Assert.Equal((ItemsPerJob, ItemsPerJob / 20), (job.Items.Total, job.Items.Failed));
        }

        var listed = await last.Http.GetStringAsync(new Uri("api/jobs", UriKind.Relative), Cancel);
        await last.DisposeAsync();
        logs.Add(last.Log);
        foreach (var (number, job) in accepted.Where(job => IsOrdered(job.Key)))
        {
            Assert.Contains(job.Id, listed, StringComparison.Ordinal);
            Assert.True(LaneLog.Check(logs, job.Id) > 0, $"Nothing is known of the order of job {number}.");
        }

        CheckQueues(folder.FullName);
        folder.Delete(recursive: true);
    }

    /// <summary>Every second job is ordered, by one key; of twenty items one fails for good and two at first.</summary>
    private static async Task<Job?> TrySubmitAsync(ServedApp app, int number)
    {
        var lines = Enumerable.Range(0, ItemsPerJob).Select(i => (i % 20) switch
        {
            3 => $$$"""{"key":"k","input":{"id":{{{i}}},"duration":0,"fail":"permanent"}}""",
            7 or 13 => $$$"""{"key":"k","input":{"id":{{{i}}},"duration":0,"fail":"transient","failTimes":2}}""",
            _ => $$$"""{"key":"k","input":{"id":{{{i}}},"duration":0.001}}""",
        });
        try
        {
            return await app.Jobs.SubmitAsync(
                $"?model=simulate&chunkItems=2{(IsOrdered(number) ? "&orderByKey=true" : "")}", lines, idempotencyKey: $"job {number}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException && app.Killed.IsCompleted)
        {
            return null;
        }
    }

    private static bool IsOrdered(int job) => job % 2 == 1;

    /// <summary>3: nothing is left over in the queues, nor among their dead letters, once every job has ended.</summary>
    private static void CheckQueues(string folder)
    {
        var definitions = ServiceBusConfig.Read(Path.Combine(AppContext.BaseDirectory, "infra", "servicebus.json"));
        using var store = StateStore.Open(folder);
        using var broker = new MessageBroker(definitions, new FakeTimeProvider(DateTimeOffset.UtcNow), new Random(1), store);
        Assert.All(broker.Queues, queue => Assert.Equal((queue.Name, default(QueueCounts)), (queue.Name, queue.Counts)));
    }

    private static int? Setting(string name)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;
}
