using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Telemetry;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>Collects page 0 of the job.</summary>
internal sealed class CollectBench(FlowBench bench)
{
    public JumpingClient Client { get; } = new(bench.Client, bench.Time);

    public PageParts Parts { get; } = new(bench.Blobs);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public JobControls Controls { get; } = new(bench.Blobs, bench.Time);

    public PageScopes Scopes { get; } = new(bench.Blobs);

    /// <summary>The order to collect a page of so many items, whose first has index 0.</summary>
    public static CollectOrder Order(int items) => new(FlowBench.Job, PlanOf(items), "input", new JobOptions());

    public static PagePlan PlanOf(int items) => new(Page: 0, Offset: 0, Bytes: 0, FirstIndex: 0, items);

    public Task<PageReport> RunAsync(CollectOrder order) =>
        new CollectPage(Client, Parts, Scopes, bench.Blobs, Controls, new LineCounts(bench.Metrics, new JobModels(bench.Blobs)), bench.Messaging, bench.Settings, bench.Time, NullLogger<CollectPage>.Instance)
            .Run(order, Token).BoundedAsync();

    /// <summary>What the parts of the page's first round add up to.</summary>
    public Task<PageTally> TallyAsync(CollectOrder order) =>
        Parts.ReadTallyAsync(order.JobId, order.Page.Page, order.Round, ItemSet.First(order.Page.Items), Token);

    /// <summary>Answers as ProcessChunk does.</summary>
    public Task AnswerAsync(int chunk, params IReadOnlyList<ItemResult> results) => bench.Results.SendAsync(Samples.Chunk(chunk), results, Token);

    /// <summary>Sends a message into the page's session that the app would not send.</summary>
    public Task SendAsync(string messageId, BinaryData body) => bench.SendAsync(
        Queues.Results, new ServiceBusMessage(body) { MessageId = messageId, SessionId = Queues.PageSession(FlowBench.Job, 0) });

    /// <summary>What a part in storage says that it holds.</summary>
    public async Task<List<PartSummary>> PartsAsync() => await Parts.SummariesAsync(FlowBench.Job, 0, round: 0, Token).ToListAsync(Token);

    public async Task<List<long>> PartIndexesAsync(int part) => Samples.Indexes(await bench.ReadTextAsync(JobBlobs.PagePart(FlowBench.Job, 0, round: 0, part)));
}
