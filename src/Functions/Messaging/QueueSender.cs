using Azure.Messaging.ServiceBus;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Messaging;

/// <summary>Sends to one queue: every message carries the trace that it is sent in, and is counted, also where it could not be sent.</summary>
internal sealed class QueueSender(ServiceBusSender sender, MessagingMetrics metrics)
{
    /// <summary>An empty batch, as large as the queue takes.</summary>
    public ValueTask<ServiceBusMessageBatch> CreateBatchAsync(CancellationToken cancellationToken) => sender.CreateMessageBatchAsync(cancellationToken);

    /// <summary>Adds a message to a batch.</summary>
    /// <returns>Whether it had room.</returns>
    public static bool TryAdd(ServiceBusMessageBatch batch, ServiceBusMessage message)
    {
        JobSpans.Inject(message);
        return batch.TryAddMessage(message);
    }

    /// <summary>Sends one message.</summary>
    public Task SendAsync(ServiceBusMessage message, CancellationToken cancellationToken)
    {
        JobSpans.Inject(message);
        return CountAsync(sender.SendMessageAsync(message, cancellationToken), messages: 1);
    }

    /// <summary>Sends the messages of a batch, all or none of them.</summary>
    public Task SendAsync(ServiceBusMessageBatch batch, CancellationToken cancellationToken) =>
        CountAsync(sender.SendMessagesAsync(batch, cancellationToken), batch.Count);

    private async Task CountAsync(Task sent, int messages)
    {
        try
        {
            await sent;
        }
        catch (Exception failure)
        {
            metrics.Sent(sender.EntityPath, messages, failure);
            throw;
        }

        metrics.Sent(sender.EntityPath, messages);
    }
}
