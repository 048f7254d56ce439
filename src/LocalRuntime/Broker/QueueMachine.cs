using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Decides what happens to a queue: each command looks at the <see cref="QueueState"/>, and what it decides becomes
/// <see cref="QueueChange"/>s. It is a pure state machine: time comes with each command, tokens and ids from a seed, it never
/// waits, and what it refuses changes nothing. One caller at a time.
/// </summary>
/// <param name="definition">The queue's properties.</param>
/// <param name="random">Where lock tokens and message ids come from.</param>
/// <param name="record">Told of every change, in order, right after it was made; null: no one is.</param>
internal sealed partial class QueueMachine(QueueDefinition definition, Random random, Action<QueueChange>? record = null)
{
    private readonly QueueState _state = new(definition);

    public QueueDefinition Definition => definition;

    public QueueCounts Counts => _state.Counts;

    public long SizeInBytes => _state.Bytes;

    /// <summary>When <see cref="AdvanceTo"/> has something to do; null: not before the next command.</summary>
    public DateTimeOffset? NextDue => _state.NextDue;

    /// <summary>
    /// Does what time does: ends locks, enqueues scheduled messages, expires messages. Each command expects to be called after
    /// this, with the same <paramref name="now"/>.
    /// </summary>
    public void AdvanceTo(DateTimeOffset now)
    {
        while (_state.TryPeekDue(now, out var item))
        {
            switch (item)
            {
                case StoredSession session:
                    EndHold(session, failed: true);
                    break;
                case StoredMessage { Status: MessageStatus.Locked } message:
                    Fail(message, SentMessage.NoProperties);
                    break;
                case StoredMessage { Status: MessageStatus.Scheduled } message:
                    Commit(new ScheduledMessageEnqueued(message.SequenceNumber, _state.NextSequenceNumber, now));
                    break;
                case StoredMessage message:
                    Expire(message);
                    break;
            }
        }
    }

    /// <summary>Makes a recorded change again; for all changes of a queue, in order, before its first command.</summary>
    public void Replay(QueueChange change) => _state.Apply(change);

    /// <summary>Brings back what the queue held before, in place of <see cref="Replay"/>.</summary>
    public void Restore(QueueSnapshot snapshot) => _state.Restore(snapshot);

    private void Commit(QueueChange change)
    {
        _state.Apply(change);
        record?.Invoke(change);
    }

    private void Expire(StoredMessage message)
    {
        if (definition.DeadLetteringOnMessageExpiration)
        {
            DeadLetter(message, failed: false, DeadLetterProperties.Because(
                DeadLetterProperties.TimeToLiveExpired, "The message's time to live ran out before it was settled."));
        }
        else
        {
            Commit(new MessageRemoved(PlaceOf(message)));
        }
    }

    /// <summary>Ends a delivery that failed: the message is available again, or was delivered in vain too often.</summary>
    private void Fail(StoredMessage message, IReadOnlyDictionary<string, object> changes)
    {
        if (!message.IsDeadLetter && message.FailedDeliveries + 1 >= definition.MaxDeliveryCount)
        {
            DeadLetter(message, failed: true, DeadLetterProperties.Because(
                DeadLetterProperties.MaxDeliveryCountExceeded,
                FormattableString.Invariant($"The message could not be consumed after {definition.MaxDeliveryCount} deliveries."),
                changes));
        }
        else
        {
            Commit(new MessageUnlocked(PlaceOf(message), Failed: true, changes));
        }
    }

    private void DeadLetter(StoredMessage message, bool failed, IReadOnlyDictionary<string, object> changes)
        => Commit(new MessageDeadLettered(PlaceOf(message), SubQueue.DeadLetter, failed, changes));

    private Guid NewToken()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private static MessagePlace PlaceOf(StoredMessage message) => new(message.SequenceNumber, message.Part);
}
