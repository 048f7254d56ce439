using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.Tests.Support.Blobs;

namespace ModelJobs.Simulation.Tests.Fuzz;

/// <summary>
/// Sends requests that are wrong in all kinds of ways to every HTTP function of the app: each is answered with a problem that names the fault, or was good
/// after all; the service goes on, and nothing is left of what was refused. <c>MODELJOBS_FUZZ_SEED</c> repeats a run, <c>MODELJOBS_FUZZ_REQUEST</c> one
/// request of it, <c>MODELJOBS_FUZZ_COUNT</c> makes it longer or shorter.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 20300101;
    private const int DefaultCount = 10_000;
    private const int Connections = 4;
    private const int MaxFailures = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_OfAnyKind_AreAnsweredWithAProblemOrAreGood()
    {
        var seed = Setting("MODELJOBS_FUZZ_SEED") ?? DefaultSeed;
        var only = Setting("MODELJOBS_FUZZ_REQUEST");
        var count = only is null ? Setting("MODELJOBS_FUZZ_COUNT") ?? DefaultCount : 1;
        var blobs = new InMemoryBlobService(TimeProvider.System);
        await using var app = await StartAsync(blobs);
        var address = app.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri;
        var endpoints = Endpoint.AllOf(app.Services);
        var generator = new RequestGenerator(endpoints, await SubmitAsync(app));
        var failures = new List<string>();
        var statuses = new SortedDictionary<int, int>();
        var next = only ?? 0;
        var last = next + count;

        await Parallel.ForEachAsync(Enumerable.Range(0, Connections), Cancel, async (_, cancellationToken) =>
        {
            using var connection = new RawConnection(new IPEndPoint(IPAddress.Loopback, address.Port));
            while (Interlocked.Increment(ref next) - 1 is var number && number < last)
            {
                var request = generator.Draw(seed, number);
                var answer = await connection.SendAsync(request, cancellationToken).WaitAsync(Patience, cancellationToken);
                var fault = FaultOf(request, answer);
                lock (failures)
                {
                    statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
                    if (fault is not null && failures.Count < MaxFailures)
                    {
                        failures.Add($"MODELJOBS_FUZZ_SEED={seed} MODELJOBS_FUZZ_REQUEST={number} dotnet test tests/Simulation.Tests --filter {nameof(FuzzTests)}\n{fault}\n{request}");
                    }
                }
            }
        });

        output.WriteLine($"MODELJOBS_FUZZ_SEED={seed}: {count} requests to {string.Join(", ", endpoints.Select(endpoint => endpoint.Function))}; {string.Join(", ", statuses)}");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
        await CheckNothingIsLeftAsync(app, blobs);
    }

    /// <summary>What is wrong with an answer; null if nothing is.</summary>
    private static string? FaultOf(FuzzRequest request, RawAnswer answer)
    {
        var shown = $"{answer.Status} {answer.ContentType}: {Encoding.UTF8.GetString(answer.Body[..Math.Min(answer.Body.Length, 1000)])}";
        if (answer.Status is >= 200 and < 300)
        {
            return null;
        }

        if (answer.Status == 0)
        {
            // Nobody can be answered who has left.
            return request.EndsConnection ? null : "No answer.";
        }

        if (answer.Status is < 400 or >= 500)
        {
            return $"Neither good nor refused: {shown}";
        }

        if (request.Method == "HEAD")
        {
            return null;
        }

        Problem? problem;
        try
        {
            problem = JsonSerializer.Deserialize(answer.Body, ContractsJson.Wire.Problem);
        }
        catch (JsonException)
        {
            problem = null;
        }

        if (answer.ContentType?.StartsWith("application/problem+json", StringComparison.Ordinal) != true
            || problem is not { Type.Length: > 0, Title.Length: > 0, Detail.Length: > 0 } || problem.Status != answer.Status)
        {
            return $"Not a problem: {shown}";
        }

        return request.Names.Count == 0 || request.Names.Any(name => problem.Detail.Contains(name, StringComparison.Ordinal))
            ? null
            : $"The detail has none of {string.Join(", ", request.Names)}: {shown}";
    }

    private static async Task<LocalApp> StartAsync(InMemoryBlobService blobs)
    {
        // Every request is one caller's, and what its limits refuse says nothing of what it had asked for.
        string[] settings =
        [
            "LocalRuntime:HttpPort=0",
            "LocalRuntime:State=Memory",
            "LocalRuntime:Azurite=None",
            "Jobs:PartInterval=00:00:00.1",
            "Jobs:MaxOpenJobs=100000",
            "Jobs:MaxSubmissionsPerMinute=1000000",
        ];
        var builder = ModelJobsApp.CreateBuilder([.. settings.Select(setting => "--" + setting)]);
        builder.Logging.ClearProviders();
        builder.Services.Replace(ServiceDescriptor.Singleton<BlobServiceClient>(_ => blobs.CreateClient()));
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return new LocalApp(host, new RecordingRunner(new SimulateRunner(TimeProvider.System)), new RecordingRunner(new MendedRunner()));
    }

    /// <summary>Some jobs that have ended, with results and errors.</summary>
    private static async Task<IReadOnlyList<string>> SubmitAsync(LocalApp app)
    {
        var ids = new List<string>();
        foreach (var lines in (string[][])[["""{"input":{"id":1}}"""], ["""{"input":{"id":1}}""", """{"input":2}"""]])
        {
            var job = await app.Jobs.SubmitAsync("?model=simulate", lines);
            ids.Add((await app.Jobs.WaitAsync(job.Id)).Id);
        }

        return ids;
    }

    /// <summary>Every job that came into being ends, every blob belongs to one, and the queues are empty.</summary>
    private static async Task CheckNothingIsLeftAsync(LocalApp app, InMemoryBlobService blobs)
    {
        var jobs = new HashSet<string>();
        for (var page = "/api/jobs?top=200"; page is not null;)
        {
            var list = (await JsonSerializer.DeserializeAsync(await app.Http.GetStreamAsync(new Uri(page, UriKind.Relative), Cancel), ContractsJson.Wire.JobList, Cancel))!;
            foreach (var job in list.Jobs)
            {
                var ended = await app.Jobs.WaitAsync(job.Id);
                // A redrive that was asked for may have met a cancel that was asked for.
                Assert.True(ended.Status is JobStatus.Succeeded or JobStatus.Canceled, $"{ended.Id} ended as {ended.Status}: {ended.Error?.Message}");
                Assert.Equal(ended.Items.Total, ended.Items.Succeeded + ended.Items.Failed + ended.Items.Canceled + ended.Items.Discarded);
                jobs.Add(job.Id);
            }

            page = list.NextLink;
        }

        // A key keeps the id that it stands for, also where its first request was refused.
        Assert.All(blobs.Names.Where(name => name.Split('/')[1] != "keys"), name => Assert.Contains(name.Split('/')[1], jobs));
        await QueueInvariants.CheckAsync(app);
        QueueInvariants.CheckAtRest(app, faults: 0);
    }

    private static int? Setting(string name)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;
}
