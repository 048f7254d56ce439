using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>What is left of a queue when its process is gone: everything but who holds what, and until when.</summary>
/// <param name="NextSequenceNumber">The number that the next message gets.</param>
/// <param name="Accepted">Ids remembered for duplicate detection, the oldest first.</param>
/// <param name="Sessions">Sessions that have a state or were held.</param>
/// <param name="Messages">Messages and dead letters, in the order of their numbers.</param>
internal sealed record QueueSnapshot(
    long NextSequenceNumber,
    IReadOnlyList<AcceptedId> Accepted,
    IReadOnlyList<SessionSnapshot> Sessions,
    IReadOnlyList<MessageSnapshot> Messages)
{
    public static readonly QueueSnapshot Empty = new(1, [], [], []);
}

/// <summary>A message id that is remembered.</summary>
internal sealed record AcceptedId(string MessageId, DateTimeOffset AcceptedAt, long SequenceNumber);

/// <summary>A session.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">What a holder stored with it; null if nothing.</param>
/// <param name="WasLocked">Whether someone held it.</param>
internal sealed record SessionSnapshot(string Id, ReadOnlyMemory<byte>? State, bool WasLocked);

/// <summary>A message or dead letter.</summary>
internal sealed record MessageSnapshot
{
    public required long SequenceNumber { get; init; }

    public required long EnqueuedSequenceNumber { get; init; }

    public required SentMessage Content { get; init; }

    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>The queue itself or the sub-queue that it is in.</summary>
    public SubQueue Part { get; init; }

    /// <summary>Queues that forwarded it so far.</summary>
    public int Hops { get; init; }

    /// <summary>The queue that dead-lettered it before it was forwarded from there.</summary>
    public string? DeadLetterSource { get; init; }

    public bool IsScheduled { get; init; }

    public bool IsDeferred { get; init; }

    /// <summary>Whether it was received and not settled.</summary>
    public bool WasLocked { get; init; }

    public int FailedDeliveries { get; init; }
}
