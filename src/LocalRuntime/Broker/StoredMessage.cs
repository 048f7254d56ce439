using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Where a message is in its life.</summary>
internal enum MessageStatus
{
    /// <summary>Can be received.</summary>
    Active,

    /// <summary>Received, and not settled.</summary>
    Locked,

    /// <summary>Set aside until it is asked for by its number.</summary>
    Deferred,

    /// <summary>Waits for its time to be enqueued.</summary>
    Scheduled,

    /// <summary>Gone: completed, dropped or moved.</summary>
    Removed,
}

/// <summary>A message in a queue. Only <see cref="QueueState.Apply"/> changes one.</summary>
internal sealed class StoredMessage : DueItem
{
    public StoredMessage(long sequenceNumber, SentMessage content, DateTimeOffset enqueuedTime, TimeSpan timeToLive)
    {
        Order = sequenceNumber;
        EnqueuedSequenceNumber = sequenceNumber;
        Content = content;
        EnqueuedTime = enqueuedTime;
        TimeToLive = timeToLive;
    }

    /// <summary>The message's place in its queue.</summary>
    public long SequenceNumber => Order;

    /// <summary>The number under which the message came first.</summary>
    public long EnqueuedSequenceNumber { get; init; }

    public SentMessage Content { get; set; }

    public DateTimeOffset EnqueuedTime { get; }

    public TimeSpan TimeToLive { get; }

    /// <summary>When the message is no longer worth receiving.</summary>
    public DateTimeOffset ExpiresAt => TimeToLive >= DateTimeOffset.MaxValue - EnqueuedTime
        ? DateTimeOffset.MaxValue
        : EnqueuedTime + TimeToLive;

    public MessageStatus Status { get; set; }

    /// <summary>Whether it was deferred, which it stays while it is locked and after it was given back.</summary>
    public bool IsDeferred { get; set; }

    /// <summary>The queue itself or the sub-queue that it is in.</summary>
    public SubQueue Part { get; init; }

    /// <summary>Whether it is in a sub-queue: it does not expire there, and can be delivered any number of times.</summary>
    public bool IsDeadLetter => Part != SubQueue.None;

    /// <summary>Queues that forwarded it so far.</summary>
    public int Hops { get; init; }

    /// <summary>The queue that dead-lettered it before it was forwarded from there.</summary>
    public string? DeadLetterSource { get; init; }

    /// <summary>Deliveries that ended in an abandon or a lost lock.</summary>
    public int FailedDeliveries { get; set; }

    public Guid LockToken { get; set; }

    public DateTimeOffset LockedUntil { get; set; }

    /// <summary>The transaction that will settle it, while it is locked. No one else may settle it as long as that is open.</summary>
    public BrokerTransaction? Transaction { get; set; }

    /// <summary>Its session, on a queue with sessions.</summary>
    public StoredSession? Session { get; set; }

    /// <summary>Its node among the messages of its session.</summary>
    public LinkedListNode<StoredMessage>? SessionNode { get; set; }

    /// <summary>The message as it is handed to a receiver.</summary>
    public Delivery Deliver(Guid lockToken, DateTimeOffset lockedUntil) => Snapshot(FailedDeliveries + 1, lockToken, lockedUntil);

    /// <summary>The message as it is shown to one who only looks.</summary>
    public Delivery Show() => Snapshot(FailedDeliveries, Guid.Empty, lockedUntil: default);

    private Delivery Snapshot(int deliveryCount, Guid lockToken, DateTimeOffset lockedUntil) => new()
    {
        Content = Content,
        SequenceNumber = SequenceNumber,
        EnqueuedSequenceNumber = EnqueuedSequenceNumber,
        EnqueuedTime = EnqueuedTime,
        TimeToLive = TimeToLive,
        DeliveryCount = deliveryCount,
        LockToken = lockToken,
        LockedUntil = lockedUntil,
        DeadLetterSource = DeadLetterSource,
        State = Status == MessageStatus.Scheduled ? ServiceBusMessageState.Scheduled
            : IsDeferred ? ServiceBusMessageState.Deferred
            : ServiceBusMessageState.Active,
    };
}
