using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Recover;

/// <summary>Items of a page that are neither answered nor in any queue.</summary>
/// <param name="Count">How many.</param>
/// <param name="Bits">Which, as <see cref="ItemSet"/> stores them.</param>
internal sealed record LostItems(int Count, ReadOnlyMemory<byte> Bits)
{
    /// <summary>None, or none that is known of.</summary>
    public static readonly LostItems None = new(0, default);
}

/// <summary>
/// Looks where the missing items of a page are that stands still: in a queue, be it locked, scheduled or dead-lettered, on their way
/// back as an answer, or nowhere. Looks only: peeking locks nothing and counts no delivery.
/// </summary>
internal sealed partial class FindLostItems(
    ServiceBusClient client, PageParts parts, PageScopes scopes, JobBlobs blobs, ILogger<FindLostItems> logger)
{
    private const int Batch = 250;

    /// <summary>Most messages that are looked at in one queue. Behind more than these the items may be, and they are not taken for lost.</summary>
    private const int MaxPeeked = 50_000;

    [Function(nameof(FindLostItems))]
    public async Task<LostItems> Run([ActivityTrigger] CollectOrder order, CancellationToken cancellationToken)
    {
        var search = new Search(order, new PageItems(blobs, scopes, order));
        // In the order in which a chunk moves: one that moves meanwhile is met where it arrives. A dead letter goes back to its queue, so
        // that is looked through again.
        foreach (var place in (string[])[.. QueuesOf(order).SelectMany(queue => (string[])[queue, queue + Queues.DeadLetter, queue]), Queues.Results + Queues.DeadLetter])
        {
            await using var receiver = client.CreateReceiver(place);
            if (!await LookThroughAsync(receiver, search, cancellationToken))
            {
                LogTooMany(place, order.JobId, order.Page.Page);
                return LostItems.None;
            }
        }

        await using (var session = await client.AcceptSessionAsync(
            Queues.Results, Queues.PageSession(order.JobId, order.Page.Page), cancellationToken: cancellationToken))
        {
            await LookThroughAsync(session, search, cancellationToken);
        }

        // Last: what was answered and collected is here.
        var scope = await scopes.ReadAsync(order.JobId, order.Page, order.Round, cancellationToken);
        var tally = await parts.ReadTallyAsync(order.JobId, order.Page.Page, order.Round, scope, cancellationToken);
        var lost = ItemSet.Of(tally.Missing.Where(position => !search.Found.Contains(position)));
        if (lost.Count == 0)
        {
            return LostItems.None;
        }

        LogLost(lost.Count, order.JobId, order.Page.Page);
        return new LostItems(lost.Count, lost.ToBytes());
    }

    // What has no key in a job ordered by key travels outside of the lanes.
    private static IEnumerable<string> QueuesOf(CollectOrder order) => order switch
    {
        { External: true } => [Queues.ExternalChunks],
        { Options: { OrderByKey: true, MaxConcurrency: null } } => [Queues.OrderedChunks, Queues.WithoutOrder(order.Express)],
        _ when Lanes.CountOf(order.Options) > 0 => [Queues.OrderedChunks],
        _ => [Queues.WithoutOrder(order.Express)],
    };

    /// <returns>Whether all of the queue was seen.</returns>
    private static async Task<bool> LookThroughAsync(ServiceBusReceiver receiver, Search search, CancellationToken cancellationToken)
    {
        var holdsAnswers = receiver.EntityPath.StartsWith(Queues.Results, StringComparison.Ordinal);
        long? next = null;
        for (var peeked = 0; peeked < MaxPeeked;)
        {
            var messages = await receiver.PeekMessagesAsync(Batch, next, cancellationToken);
            if (messages.Count == 0)
            {
                return true;
            }

            foreach (var message in messages)
            {
                await search.MeetAsync(message, holdsAnswers, cancellationToken);
            }

            peeked += messages.Count;
            next = messages[^1].SequenceNumber + 1;
        }

        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} items of job {Job}, page {Page}, are neither answered nor in a queue; sending them again.")]
    private partial void LogLost(int count, string job, int page);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} is too long to be searched for what job {Job} misses on page {Page}; waiting.")]
    private partial void LogTooMany(string queue, string job, int page);

    /// <summary>The items of one page that were met so far.</summary>
    private sealed class Search(CollectOrder order, PageItems items)
    {
        /// <summary>Their positions.</summary>
        public ItemSet Found { get; } = new();

        public async Task MeetAsync(ServiceBusReceivedMessage message, bool isAnswer, CancellationToken cancellationToken)
        {
            if (!ChunkName.TryParse(message.CorrelationId, out var name) || name.Id.Job != order.JobId || name.Id.Page != order.Page.Page)
            {
                return;
            }

            foreach (var index in await IndexesAsync(name, message.Body.ToMemory(), isAnswer, cancellationToken))
            {
                if (index - order.Page.FirstIndex is >= 0 and var position && position < order.Page.Items)
                {
                    Found.Add((int)position);
                }
            }
        }

        // What cannot be read brings nothing back, so its items are as good as lost.
        private async Task<IEnumerable<long>> IndexesAsync(
            ChunkName name, ReadOnlyMemory<byte> body, bool isAnswer, CancellationToken cancellationToken)
        {
            try
            {
                if (isAnswer)
                {
                    var answer = order.External ? null : JsonSerializer.Deserialize(body.Span, ContractsJson.Wire.ResultMessage);
                    return answer?.Results is { } results ? results.Select(result => result.Index) : await OfChunkAsync(name, only: null, cancellationToken);
                }

                var chunk = JsonSerializer.Deserialize(body.Span, ContractsJson.Wire.ChunkMessage);
                return chunk is null || chunk.Epoch < order.Epoch ? []
                    : chunk.Items is { } inline ? inline.Select(item => item.Index)
                    : await OfChunkAsync(name, chunk.Only, cancellationToken);
            }
            catch (JsonException)
            {
                return [];
            }
        }

        private async Task<IEnumerable<long>> OfChunkAsync(ChunkName name, IReadOnlyList<int>? only, CancellationToken cancellationToken)
        {
            var chunk = await items.OfChunkAsync(name.Id.Chunk, cancellationToken) ?? [];
            var positions = only ?? (name.Piece is { } piece ? [.. Enumerable.Range(piece.From, piece.Count)] : [.. Enumerable.Range(0, chunk.Count)]);
            return positions.Where(position => position < chunk.Count).Select(position => chunk[position].Index);
        }
    }
}
