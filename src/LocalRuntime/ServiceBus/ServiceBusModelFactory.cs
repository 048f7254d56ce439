using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>Makes the objects that only the service makes, for tests of code that receives them.</summary>
public static class ServiceBusModelFactory
{
    public static ServiceBusReceivedMessage ServiceBusReceivedMessage(
        BinaryData? body = null,
        string? messageId = null,
        string? partitionKey = null,
        string? viaPartitionKey = null,
        string? sessionId = null,
        string? replyToSessionId = null,
        TimeSpan timeToLive = default,
        string? correlationId = null,
        string? subject = null,
        string? to = null,
        string? contentType = null,
        string? replyTo = null,
        DateTimeOffset scheduledEnqueueTime = default,
        IDictionary<string, object>? properties = null,
        Guid lockTokenGuid = default,
        int deliveryCount = 0,
        DateTimeOffset lockedUntil = default,
        long sequenceNumber = -1,
        string? deadLetterSource = null,
        long enqueuedSequenceNumber = 0,
        DateTimeOffset enqueuedTime = default,
        ServiceBusMessageState serviceBusMessageState = ServiceBusMessageState.Active)
        => new(new Delivery
        {
            Content = new SentMessage
            {
                Body = body?.ToMemory() ?? default,
                MessageId = messageId,
                PartitionKey = partitionKey,
                TransactionPartitionKey = viaPartitionKey,
                SessionId = sessionId,
                ReplyToSessionId = replyToSessionId,
                CorrelationId = correlationId,
                Subject = subject,
                To = to,
                ContentType = contentType,
                ReplyTo = replyTo,
                ScheduledEnqueueTime = scheduledEnqueueTime,
                Properties = ApplicationPropertyTypes.Copy(properties),
            },
            SequenceNumber = sequenceNumber,
            EnqueuedSequenceNumber = enqueuedSequenceNumber,
            EnqueuedTime = enqueuedTime,
            TimeToLive = timeToLive == default ? TimeSpan.MaxValue : timeToLive,
            DeliveryCount = deliveryCount,
            LockToken = lockTokenGuid,
            LockedUntil = lockedUntil,
            State = serviceBusMessageState,
            DeadLetterSource = deadLetterSource,
        });
}
