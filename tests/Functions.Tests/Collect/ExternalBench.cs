using System.Text;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Dispatch;
using ModelJobs.Functions.Tests.Process;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>A page of three chunks of two items, dispatched to external workers; tests are the workers.</summary>
internal sealed class ExternalBench(FlowBench bench)
{
    public const int Chunks = 3;
    public const int Items = 6;

    private static readonly JobOptions Options = new() { ChunkItems = 2 };
    private readonly CollectBench _page = new(bench);
    private readonly DispatchBench _dispatch = new(bench, Options);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private PagePlan? _plan;

    /// <summary>The order to collect the page, once it is dispatched.</summary>
    public CollectOrder Order => new(FlowBench.Job, _plan!, DispatchBench.Input, Options, External: true);

    /// <summary>Stores items with a key and a meta, and dispatches them.</summary>
    public async Task DispatchAsync(int filler = 0)
    {
        await _dispatch.PlanAsync([.. Enumerable.Range(0, Items).Select(i => Samples.Item(i, $"k{i}", filler) with { Meta = Samples.Item(i).Input })]);
        _plan = (await _dispatch.RunAsync(external: true)).Page;
    }

    /// <summary>What collecting the page reports, what was measured apart.</summary>
    public async Task<PageReport> CollectAsync() => (await MeasureAsync()) with { Sums = null };

    /// <summary>What collecting the page reports.</summary>
    public Task<PageReport> MeasureAsync() => _page.RunAsync(Order);

    /// <summary>Sends an answer as docs/message-contract.md asks for it.</summary>
    public Task AnswerAsync(int chunk, string body, string? messageId = null) => AnswerAsync(chunk, Encoding.UTF8.GetBytes(body), messageId);

    /// <inheritdoc cref="AnswerAsync(int, string, string?)"/>
    public Task AnswerAsync(int chunk, byte[] body, string? messageId = null) => SendAsync(new ServiceBusMessage(body)
    {
        MessageId = messageId ?? Samples.Chunk(chunk).ToString(),
        CorrelationId = Samples.Chunk(chunk).ToString(),
        SessionId = Queues.PageSession(FlowBench.Job, 0),
    });

    public Task SendAsync(ServiceBusMessage message) => bench.SendAsync(Queues.Results, message);

    /// <summary>Answers a chunk with the least that does.</summary>
    public Task AnswerWellAsync(int chunk) =>
        AnswerAsync(chunk, $$"""{"results":[{"index":{{chunk * 2}},"output":"out"},{"index":{{(chunk * 2) + 1}},"output":"out"}]}""");

    /// <summary>Hands the next dead letter of the chunks to its function.</summary>
    public async Task RecoverAsync()
    {
        using var chunks = new ProcessBench(bench);
        await chunks.RecoverAsync(Queues.ExternalChunks);
    }

    /// <summary>The lines of the page's parts, by index.</summary>
    public async Task<List<ItemResult>> LinesAsync()
    {
        var lines = new List<ItemResult>();
        foreach (var part in await bench.ListAsync(JobBlobs.PageParts(FlowBench.Job, 0)))
        {
            lines.AddRange(NdjsonLines.Parse(Encoding.UTF8.GetBytes(await bench.ReadTextAsync(part)), ContractsJson.Wire.ItemResult));
        }

        return [.. lines.OrderBy(line => line.Index)];
    }
}
