using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>What senders set now and then, and what forwarding adds; null if they did not.</summary>
internal sealed record MessageHeader
{
    public string? PartitionKey { get; init; }

    public string? TransactionPartitionKey { get; init; }

    public string? Subject { get; init; }

    public string? To { get; init; }

    public string? ReplyTo { get; init; }

    public string? ReplyToSessionId { get; init; }

    public string? ContentType { get; init; }

    public TimeSpan? TimeToLive { get; init; }

    public DateTimeOffset? ScheduledEnqueueTime { get; init; }

    /// <summary>As <see cref="PropertyText"/> writes them.</summary>
    public string? Extras { get; init; }

    /// <summary>Queues that forwarded it.</summary>
    public int? Hops { get; init; }

    /// <summary>The queue that dead-lettered it before it was forwarded from there.</summary>
    public string? DeadLetterSource { get; init; }

    public static MessageHeader Of(SentMessage message, Transfer? transfer) => new()
    {
        Hops = transfer is { Hops: > 0 } ? transfer.Hops : null,
        DeadLetterSource = transfer?.DeadLetterSource,
        PartitionKey = message.PartitionKey,
        TransactionPartitionKey = message.TransactionPartitionKey,
        Subject = message.Subject,
        To = message.To,
        ReplyTo = message.ReplyTo,
        ReplyToSessionId = message.ReplyToSessionId,
        ContentType = message.ContentType,
        TimeToLive = message.TimeToLive == TimeSpan.MaxValue ? null : message.TimeToLive,
        ScheduledEnqueueTime = message.ScheduledEnqueueTime == default ? null : message.ScheduledEnqueueTime,
        Extras = PropertyText.Write(message.Extras),
    };

    /// <summary>The message with this header.</summary>
    public SentMessage On(SentMessage message) => message with
    {
        PartitionKey = PartitionKey,
        TransactionPartitionKey = TransactionPartitionKey,
        Subject = Subject,
        To = To,
        ReplyTo = ReplyTo,
        ReplyToSessionId = ReplyToSessionId,
        ContentType = ContentType,
        TimeToLive = TimeToLive ?? TimeSpan.MaxValue,
        ScheduledEnqueueTime = ScheduledEnqueueTime ?? default,
        Extras = PropertyText.Read(Extras),
    };
}
