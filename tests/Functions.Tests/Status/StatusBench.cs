using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Orchestrate;
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
    };

    public FakeDurableClient Durable { get; } = new();

    public JobReader Jobs { get; } = new(new PageParts(bench.Blobs), bench.Time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task<Job> ReadAsync() => Jobs.ReadAsync(Durable, FlowBench.Job, Token).BoundedAsync();

    public void IsRunning(JobProgress? progress = null) => Durable.Set(Run, OrchestrationRuntimeStatus.Running, progress);

    public void HasEnded(JobProgress progress, DateTimeOffset at) => Durable.Set(Run, OrchestrationRuntimeStatus.Completed, progress, at);

    public static JobProgress Progress(int completed, long succeeded, long failed, params int[] inFlight) =>
        new(Pages: 4, completed, succeeded, failed, Planned, inFlight);

    /// <summary>Commits one chunk's results as the next part of a page.</summary>
    public async Task CommitAsync(int page, int chunk, params ItemResult[] results)
    {
        var parts = new PageParts(bench.Blobs);
        var order = new CollectOrder(FlowBench.Job, page, Chunks: 10, Items: 100);
        var pending = new PendingPart();
        pending.Add(chunk, results);
        await parts.CommitAsync(order, await parts.ReadTallyAsync(order, Token), pending, Token);
    }

    /// <summary>A request, and the body that its answer is written to.</summary>
    public static (HttpRequest Request, MemoryStream Body) Request(string query = "")
    {
        var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
        context.Response.Body = body;
        context.Request.QueryString = new QueryString(query);
        return (context.Request, body);
    }

    public static string Text(MemoryStream body) => Encoding.UTF8.GetString(body.ToArray());
}
