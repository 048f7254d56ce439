using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// One change of a queue: together, applied in order to an empty <see cref="QueueState"/>, they give the queue again. A change
/// holds what was decided (times, numbers, tokens), never what has to be decided anew.
/// </summary>
internal abstract record QueueChange;

/// <summary>A message was enqueued.</summary>
internal sealed record MessageEnqueued(long SequenceNumber, SentMessage Message, DateTimeOffset EnqueuedTime) : QueueChange
{
    /// <summary>How it came from another queue; null: a sender sent it.</summary>
    public Transfer? Transfer { get; init; }
}

/// <summary>A message was accepted that will be enqueued at its scheduled time.</summary>
internal sealed record MessageScheduled(long SequenceNumber, SentMessage Message, DateTimeOffset SentTime) : QueueChange;

/// <summary>A scheduled message's time came: it was enqueued, under a new number.</summary>
internal sealed record ScheduledMessageEnqueued(long ScheduledNumber, long SequenceNumber, DateTimeOffset EnqueuedTime) : QueueChange;

/// <summary>A message was received and is locked.</summary>
internal sealed record MessageLocked(MessagePlace Place, Guid LockToken, DateTimeOffset LockedUntil) : QueueChange;

/// <summary>A message's lock was renewed.</summary>
internal sealed record MessageLockRenewed(MessagePlace Place, DateTimeOffset LockedUntil) : QueueChange;

/// <summary>A locked message is available again, at its place.</summary>
/// <param name="Place">The message.</param>
/// <param name="Failed">Whether the delivery counts as failed: abandoned or lost, rather than let go with its session.</param>
/// <param name="Changes">Application properties to set.</param>
internal sealed record MessageUnlocked(MessagePlace Place, bool Failed, IReadOnlyDictionary<string, object> Changes) : QueueChange;

/// <summary>A locked message was set aside.</summary>
internal sealed record MessageDeferred(MessagePlace Place, IReadOnlyDictionary<string, object> Changes) : QueueChange;

/// <summary>A message moved to a sub-queue, where it keeps its number.</summary>
/// <param name="Place">The message.</param>
/// <param name="To">The sub-queue.</param>
/// <param name="Failed">Whether a failed delivery is counted on the way.</param>
/// <param name="Changes">Application properties to set; the reason is among them.</param>
internal sealed record MessageDeadLettered(
    MessagePlace Place, SubQueue To, bool Failed, IReadOnlyDictionary<string, object> Changes) : QueueChange;

/// <summary>A message is gone: completed, received and deleted, expired, cancelled, or forwarded to another queue.</summary>
internal sealed record MessageRemoved(MessagePlace Place) : QueueChange;

/// <summary>A session was accepted, or its lock was renewed.</summary>
internal sealed record SessionLocked(string SessionId, Guid LockToken, DateTimeOffset LockedUntil) : QueueChange;

/// <summary>A session was let go, or its lock ran out. Its locked messages were unlocked before.</summary>
internal sealed record SessionUnlocked(string SessionId) : QueueChange;

/// <summary>A session's state was set; null: cleared.</summary>
internal sealed record SessionStateSet(string SessionId, ReadOnlyMemory<byte>? State) : QueueChange;

/// <summary>Names a message in a queue.</summary>
/// <param name="SequenceNumber">Its number.</param>
/// <param name="Part">The queue itself or the sub-queue that it is in.</param>
internal readonly record struct MessagePlace(long SequenceNumber, SubQueue Part);

/// <summary>How a message came from another queue.</summary>
/// <param name="EnqueuedSequenceNumber">The number under which it came first.</param>
/// <param name="Hops">Queues that forwarded it so far.</param>
/// <param name="DeadLetterSource">The queue that dead-lettered it, if that is why it was forwarded.</param>
internal sealed record Transfer(long EnqueuedSequenceNumber, int Hops, string? DeadLetterSource);
