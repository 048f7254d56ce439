using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Dispatch;

/// <summary>Plans an input and dispatches its pages.</summary>
internal sealed class DispatchBench(FlowBench bench, JobOptions options)
{
    public const string Input = "input";
    public const string Model = "model";

    private readonly ChunkItems _items = new(bench.Blobs);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Stores and plans the items.</summary>
    public async Task PlanAsync(IReadOnlyCollection<ChunkItem> items)
    {
        await bench.StoreAsync(Input, Samples.Lines(items));
        var order = new PlanOrder(FlowBench.Job, Input, items.Count, options.ChunkItems ?? JobLimits.DefaultChunkItems);
        await new PlanJob(bench.Blobs).Run(order, Token).BoundedAsync();
    }

    public Task<DispatchReport> RunAsync(int page = 0, IReadOnlyList<long>? laneChunks = null, bool external = false) =>
        RunAsync(Order(page) with { LaneChunks = laneChunks ?? [], External = external });

    public Task<DispatchReport> RunAsync(DispatchOrder order) => RunAsync(order, bench.Blobs, bench.Inputs);

    /// <summary>Runs with another way to storage.</summary>
    public Task<DispatchReport> RunAsync(DispatchOrder order, JobBlobs blobs, RecentInputs inputs)
    {
        var parts = new PageParts(blobs);
        var rounds = new RoundScopes(blobs, new PageScopes(blobs), parts, new ParkedItems(blobs, parts));
        return new DispatchPage(blobs, inputs, rounds, bench.Chunks, bench.Time).Run(order, Token).BoundedAsync();
    }

    /// <summary>The order for the first dispatch of a page.</summary>
    public DispatchOrder Order(int page = 0) => new(FlowBench.Job, Input, Model, page, options, []);

    /// <summary>The chunks in a queue, in order.</summary>
    public async Task<List<ChunkMessage>> ChunksAsync(string queue) => [.. (await bench.PeekAsync(queue)).Select(ChunkItems.Read)];

    /// <summary>The indexes of the items that a consumer of the chunk would run.</summary>
    public async Task<List<long>> IndexesAsync(ChunkMessage chunk) => [.. (await _items.LoadAsync(chunk, Token)).Select(item => item.Index)];

    /// <summary>The indexes of the items of all chunks, in the order of the chunks.</summary>
    public async Task<List<long>> IndexesAsync(IEnumerable<ChunkMessage> chunks)
    {
        var indexes = new List<long>();
        foreach (var chunk in chunks)
        {
            indexes.AddRange(await IndexesAsync(chunk));
        }

        return indexes;
    }

    /// <summary>What duplicate detection and sessions see of a message.</summary>
    public static (string Id, string? Correlation, string? ReplyTo, string? ReplyToSession, string? Session) Address(
        ServiceBusReceivedMessage message) =>
        (message.MessageId, message.CorrelationId, message.ReplyTo, message.ReplyToSessionId, message.SessionId);
}
