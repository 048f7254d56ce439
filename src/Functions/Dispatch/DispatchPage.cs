using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Dispatch;

/// <summary>What to dispatch.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Input">Its input blob.</param>
/// <param name="Model">Name of its model.</param>
/// <param name="Page">Number of the page.</param>
/// <param name="Options">The job's options.</param>
/// <param name="LaneChunks">Chunks of each lane in the pages before; empty at the start or without lanes.</param>
/// <param name="External">Whether external workers run the chunks.</param>
internal sealed record DispatchOrder(
    string JobId, string Input, string Model, int Page, JobOptions Options, IReadOnlyList<long> LaneChunks, bool External = false);

/// <summary>What was dispatched.</summary>
/// <param name="Chunks">Chunks of the page.</param>
/// <param name="Items">Items of the page.</param>
/// <param name="LaneChunks">Chunks of each lane so far, this page included; empty without lanes.</param>
internal sealed record DispatchReport(int Chunks, int Items, IReadOnlyList<long> LaneChunks);

/// <summary>Sends a page's chunks. Running it again sends the same messages in the same order.</summary>
internal sealed class DispatchPage(JobBlobs blobs, ChunkSender sender)
{
    [Function(nameof(DispatchPage))]
    public async Task<DispatchReport> Run([ActivityTrigger] DispatchOrder order, CancellationToken cancellationToken)
    {
        var plan = await PagePlan.ReadAsync(blobs, order.JobId, order.Page, cancellationToken);
        var page = await blobs.ReadAsync(order.Input, plan.Offset, plan.Bytes, cancellationToken);
        var chunks = ChunkCutter.Cut(page.Span, order.Options);
        var ranges = await StoreScatteredAsync(order, plan, chunks, page, cancellationToken);

        var lanes = order.LaneChunks.Count > 0 ? order.LaneChunks.ToArray() : new long[Lanes.CountOf(order.Options)];
        var lastOfLane = chunks.Index().Where(chunk => chunk.Item.Lane != Lanes.None).GroupBy(chunk => chunk.Item.Lane)
            .Select(lane => lane.Last().Index).ToHashSet();
        await sender.SendAsync([.. Messages()], order.External, cancellationToken);
        return new DispatchReport(chunks.Count, plan.Items, lanes);

        IEnumerable<ServiceBusMessage> Messages()
        {
            foreach (var (number, chunk) in chunks.Index())
            {
                var lane = chunk.Lane == Lanes.None ? null : new LanePlace(
                    chunk.Lane, ++lanes[chunk.Lane], lastOfLane.Contains(number), order.Options.OrderByKey);
                var id = new ChunkId(order.JobId, order.Page, number);
                var message = new ChunkMessage
                {
                    Id = id,
                    Model = order.Model,
                    ItemCount = chunk.Lines.Count,
                    Lane = lane,
                    Blob = ranges[number],
                    AnswerBlob = order.External ? JobBlobs.ChunkResults(id) : null,
                };
                var body = message.Blob is null
                    ? ChunkMessageWriter.Write(message, chunk, page.Span)
                    : JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Wire.ChunkMessage);
                yield return order.External ? ChunkSender.ExternalMessage(id, body) : ChunkSender.Message(id, lane?.Number, body);
            }
        }
    }

    /// <summary>Finds where each chunk too large to travel lies in storage; those whose lines are scattered are first put together.</summary>
    /// <returns>A range for each chunk, null for those that travel inline.</returns>
    private async Task<BlobRange?[]> StoreScatteredAsync(
        DispatchOrder order, PagePlan plan, List<DraftChunk> chunks, ReadOnlyMemory<byte> page, CancellationToken cancellationToken)
    {
        var ranges = new BlobRange?[chunks.Count];
        var name = JobBlobs.PageChunks(order.JobId, order.Page);
        using var gathered = new MemoryStream();
        foreach (var (number, chunk) in chunks.Index().Where(chunk => chunk.Item.Bytes > JobLimits.MaxInlineBytes))
        {
            if (chunk.IsContiguous)
            {
                ranges[number] = new BlobRange(order.Input, plan.Offset + chunk.Lines[0].Offset, chunk.Bytes);
                continue;
            }

            ranges[number] = new BlobRange(name, gathered.Position, chunk.Bytes);
            chunk.Lines.ForEach(line => gathered.Write(page.Span.Slice(line.Offset, line.Length)));
        }

        if (gathered.Length > 0)
        {
            gathered.Position = 0;
            await blobs.Blob(name).UploadAsync(gathered, cancellationToken: cancellationToken);
        }

        return ranges;
    }
}
