using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>A message as the broker hands it out: its content, and its place and state at that moment.</summary>
internal sealed record Delivery
{
    public required SentMessage Content { get; init; }

    /// <summary>The message's number in its queue; in a dead-letter queue the number it had before.</summary>
    public required long SequenceNumber { get; init; }

    /// <summary>The number under which the message came first; differs from <see cref="SequenceNumber"/> after a schedule.</summary>
    public long EnqueuedSequenceNumber { get; init; }

    public DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>The message's time to live, bounded by the queue's.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.MaxValue;

    /// <summary>Deliveries so far, this one included; of a peeked message those that failed.</summary>
    public int DeliveryCount { get; init; }

    /// <summary>Names the lock; <see cref="Guid.Empty"/> if there is none: peeked, or received and deleted.</summary>
    public Guid LockToken { get; init; }

    public DateTimeOffset LockedUntil { get; init; }

    public ServiceBusMessageState State { get; init; }

    /// <summary>The queue that dead-lettered the message, once it was forwarded from there.</summary>
    public string? DeadLetterSource { get; init; }
}

/// <summary>A receiver's hold on a session: no one else receives from it while the lock lasts.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="LockToken">Names this hold; a later holder has another.</param>
/// <param name="LockedUntil">When the hold ends unless renewed, as of when it was taken.</param>
internal sealed record SessionLease(string SessionId, Guid LockToken, DateTimeOffset LockedUntil);
