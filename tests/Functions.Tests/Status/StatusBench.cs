using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Status;

/// <summary>A job of 100 items whose orchestration stands where a test puts it.</summary>
internal sealed class StatusBench(FlowBench bench)
{
    public static readonly DateTimeOffset Created = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The plan was made ten seconds after the job was accepted.</summary>
    public static readonly DateTimeOffset Planned = Created.AddSeconds(10);

    public static readonly JobRun Run = new()
    {
        Job = new JobManifest
        {
            Id = FlowBench.Job,
            Model = "model",
            Options = new JobOptions { ChunkItems = 10 },
            Input = "input",
            Items = 100,
            Fingerprint = "",
            CreatedAt = Created,
        },
        PagesInFlight = 8,
        MaxIdle = TimeSpan.FromDays(1),
    };

    public FakeDurableClient Durable { get; } = new();

    public JobControls Controls { get; } = new(bench.Blobs, bench.Time);

    /// <summary>What instances say of their use of models.</summary>
    public BalanceEntries Balances { get; } = new(bench.Blobs, bench.Time);

    public JobReader Jobs => field ??= new JobReader(new PageParts(bench.Blobs), Controls, new UsageReading(new PriceSettings()), Balance(), bench.Time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task<Job> ReadAsync() => Jobs.ReadAsync(Durable, FlowBench.Job, Token).BoundedAsync();

    public void IsRunning(JobProgress? progress = null) => Durable.Set(Run, OrchestrationRuntimeStatus.Running, progress);

    /// <summary>The job has ended, with what the items of all its pages have come to.</summary>
    public void HasEnded(JobProgress progress, DateTimeOffset at, JobError? stopped = null, JobRun? run = null) => Durable.Set(
        run ?? Run, OrchestrationRuntimeStatus.Completed, progress, at, summary: new JobSummary(Run.Job.Items, progress.Totals, stopped));

    /// <summary>The job has ended; all items that did not fail, and were not canceled or discarded, have succeeded.</summary>
    public void HasEnded(long failed = 0, long canceled = 0, long discarded = 0, JobError? stopped = null) => HasEnded(
        new JobProgress(4, 4, new Totals(Run.Job.Items - failed - canceled - discarded, failed, canceled, discarded), Planned, [], 0), Planned, stopped);

    public static JobProgress Progress(int completed, long succeeded, long failed, params int[] inFlight) =>
        new(Pages: 4, completed, new Totals(succeeded, failed, 0, 0), Planned, inFlight, Round: 0);

    /// <summary>Commits results as the next part of a page. Every page has room for all items of the job.</summary>
    public Task CommitAsync(int page, params ItemResult[] results) => CommitInRoundAsync(page, round: 0, results);

    /// <summary>Commits results as the next part of a page in a round.</summary>
    public Task CommitInRoundAsync(int page, int round, params ItemResult[] results) => CommitAsync(page, round, RunSums.None, results);

    /// <summary>Commits results as the next part of a page in a round, with what their runs measured.</summary>
    public async Task CommitAsync(int page, int round, RunSums sums, params ItemResult[] results)
    {
        var parts = new PageParts(bench.Blobs);
        var plan = new PagePlan(page, Offset: 0, Bytes: 0, FirstIndex: 0, Items: 100);
        var tally = await parts.ReadTallyAsync(FlowBench.Job, page, round, ItemSet.First(100), Token);
        await parts.CommitAsync(FlowBench.Job, plan, round, tally, results, Token, sums);
    }

    /// <summary>Answers a request.</summary>
    /// <returns>The status and the body.</returns>
    public static async Task<(int Status, string Body)> AnswerAsync(Func<HttpRequest, Task<IResult>> function, string query = "", string? json = null, string contentType = "application/json")
    {
        var (request, body) = Request(query);
        if (json is not null)
        {
            request.ContentType = contentType;
            request.Body = new MemoryStream(Encoding.UTF8.GetBytes(json));
        }

        try
        {
            await (await function(request).BoundedAsync()).ExecuteAsync(request.HttpContext).BoundedAsync();
            return (request.HttpContext.Response.StatusCode, Text(body));
        }
        catch (ProblemException refused)
        {
            return (refused.Problem.Status, refused.Problem.Type);
        }
    }

    /// <summary>A request, and the body that its answer is written to.</summary>
    public static (HttpRequest Request, MemoryStream Body) Request(string query = "")
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        context.Response.Body = body;
        context.Features.Set(Caller.Everybody);
        context.Request.QueryString = new QueryString(query);
        return (context.Request, body);
    }

    public static string Text(MemoryStream body) => Encoding.UTF8.GetString(body.ToArray());

    private BalanceReading Balance() => new(
        new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "balanced")]).Build(),
            [new RunnerKind("balanced", _ => throw new InvalidOperationException("Nothing is run here.")) { IsBalanced = true }]),
        new BalanceBoard(Balances, bench.Time, NullLogger<BalanceBoard>.Instance));
}
