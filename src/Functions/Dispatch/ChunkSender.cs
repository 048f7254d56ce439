using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Dispatch;

/// <summary>
/// Sends chunks to the queue that their kind asks for, in batches, in order, and pages one after another: side by side, their chunks would
/// mix in the queue, and all of them would be done, and in the output, only at the end. Those that go the short way do not wait for the others.
/// </summary>
internal sealed class ChunkSender(
    [FromKeyedServices(Queues.Chunks)] QueueSender unordered,
    [FromKeyedServices(Queues.ExpressChunks)] QueueSender express,
    [FromKeyedServices(Queues.OrderedChunks)] QueueSender ordered,
    [FromKeyedServices(Queues.ExternalChunks)] QueueSender external) : IDisposable
{
    private readonly SemaphoreSlim _page = new(1, 1);
    private readonly SemaphoreSlim _expressPage = new(1, 1);

    /// <summary>Makes the message of a chunk.</summary>
    /// <param name="id">The chunk; also the MessageId, so that a repeated dispatch is dropped by duplicate detection.</param>
    /// <param name="lane">Its lane, or null.</param>
    /// <param name="body">A <see cref="ChunkMessage"/> as JSON.</param>
    public static ServiceBusMessage Message(ChunkId id, int? lane, ReadOnlyMemory<byte> body)
    {
        var name = id.ToString();
        return new ServiceBusMessage(body)
        {
            MessageId = name,
            CorrelationId = name,
            ContentType = "application/json",
            ReplyTo = Queues.Results,
            ReplyToSessionId = Queues.PageSession(id.Job, id.Page),
            SessionId = lane is { } number ? Queues.LaneSession(id.Job, number) : null,
        };
    }

    /// <summary>Makes the message of a chunk for external workers, who are told by which contract to read it.</summary>
    public static ServiceBusMessage ExternalMessage(ChunkId id, ReadOnlyMemory<byte> body)
    {
        var message = Message(id, lane: null, body);
        message.ApplicationProperties[WorkerContract.VersionProperty] = WorkerContract.Version;
        return message;
    }

    /// <summary>Sends one message.</summary>
    public Task SendAsync(ServiceBusMessage message, string queue, CancellationToken cancellationToken) => SenderOf(queue).SendAsync(message, cancellationToken);

    /// <summary>Sends messages in a turn of their own; those of one queue arrive in the order given.</summary>
    /// <param name="messages">Messages of chunks.</param>
    /// <param name="queue">The queue of those that have no session.</param>
    /// <param name="cancellationToken">Ends the sending; some may have been sent.</param>
    public async Task SendAsync(IReadOnlyList<ServiceBusMessage> messages, string queue, CancellationToken cancellationToken)
    {
        using var turn = TakeTurn(queue, cancellationToken);
        await turn.SendAsync(messages, cancellationToken);
    }

    /// <summary>Takes a turn to send a page, after those that have taken one before.</summary>
    /// <param name="queue">The queue of its chunks that have no session.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    public PageTurn TakeTurn(string queue, CancellationToken cancellationToken) =>
        new(queue == Queues.ExpressChunks ? _expressPage : _page, (messages, token) => SendPageAsync(messages, queue, token), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _page.Dispose();
        _expressPage.Dispose();
    }

    private async Task SendPageAsync(IReadOnlyList<ServiceBusMessage> messages, string withoutSession, CancellationToken cancellationToken)
    {
        foreach (var queue in messages.GroupBy(message => SenderOf(message.SessionId is null ? withoutSession : Queues.OrderedChunks)))
        {
            ServiceBusMessageBatch? batch = null;
            try
            {
                foreach (var message in queue)
                {
                    batch ??= await queue.Key.CreateBatchAsync(cancellationToken);
                    if (QueueSender.TryAdd(batch, message))
                    {
                        continue;
                    }

                    await queue.Key.SendAsync(batch, cancellationToken);
                    batch.Dispose();
                    batch = await queue.Key.CreateBatchAsync(cancellationToken);
                    if (!QueueSender.TryAdd(batch, message))
                    {
                        throw new InvalidOperationException($"Chunk {message.MessageId} does not fit into an empty batch.");
                    }
                }

                if (batch is { Count: > 0 })
                {
                    await queue.Key.SendAsync(batch, cancellationToken);
                }
            }
            finally
            {
                batch?.Dispose();
            }
        }
    }

    private QueueSender SenderOf(string queue) => queue switch
    {
        Queues.Chunks => unordered,
        Queues.ExpressChunks => express,
        Queues.OrderedChunks => ordered,
        Queues.ExternalChunks => external,
        _ => throw new ArgumentException($"'{queue}' is no queue of chunks.", nameof(queue)),
    };
}
