using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Dispatch;

/// <summary>Sends chunks to the queue that their kind asks for, in batches, in order.</summary>
internal sealed class ChunkSender(
    [FromKeyedServices(Queues.Chunks)] ServiceBusSender unordered,
    [FromKeyedServices(Queues.OrderedChunks)] ServiceBusSender ordered)
{
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

    /// <summary>Sends one message, to <c>chunks-ordered</c> if it has a session.</summary>
    public Task SendAsync(ServiceBusMessage message, CancellationToken cancellationToken) =>
        SenderOf(message).SendMessageAsync(message, cancellationToken);

    /// <summary>Sends messages; those of one queue arrive in the order given.</summary>
    public async Task SendAsync(IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellationToken)
    {
        foreach (var queue in messages.GroupBy(SenderOf))
        {
            ServiceBusMessageBatch? batch = null;
            try
            {
                foreach (var message in queue)
                {
                    batch ??= await queue.Key.CreateMessageBatchAsync(cancellationToken);
                    if (batch.TryAddMessage(message))
                    {
                        continue;
                    }

                    await queue.Key.SendMessagesAsync(batch, cancellationToken);
                    batch.Dispose();
                    batch = await queue.Key.CreateMessageBatchAsync(cancellationToken);
                    if (!batch.TryAddMessage(message))
                    {
                        throw new InvalidOperationException($"Chunk {message.MessageId} does not fit into an empty batch.");
                    }
                }

                if (batch is { Count: > 0 })
                {
                    await queue.Key.SendMessagesAsync(batch, cancellationToken);
                }
            }
            finally
            {
                batch?.Dispose();
            }
        }
    }

    private ServiceBusSender SenderOf(ServiceBusMessage message) => message.SessionId is null ? unordered : ordered;
}
