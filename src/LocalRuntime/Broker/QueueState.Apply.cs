using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <content>The one place where a queue changes.</content>
internal sealed partial class QueueState
{
    /// <summary>Makes a change. The same changes in the same order always give the same state.</summary>
    /// <exception cref="InvalidOperationException">The change does not follow from the state: the log is not this queue's.</exception>
    public void Apply(QueueChange change)
    {
        switch (change)
        {
            case MessageEnqueued enqueued:
                Remember(enqueued.Message, enqueued.SequenceNumber, enqueued.EnqueuedTime);
                Insert(Make(
                    enqueued.SequenceNumber, enqueued.Transfer?.EnqueuedSequenceNumber ?? enqueued.SequenceNumber, enqueued.Message,
                    enqueued.EnqueuedTime, enqueued.Transfer));
                break;
            case MessageLocked locked:
                Lock(Get(locked.Place), locked.LockToken, locked.LockedUntil);
                break;
            case MessageRemoved removed:
                Remove(Get(removed.Place));
                break;
            case MessageUnlocked unlocked:
                Unlock(Get(unlocked.Place), unlocked.Failed, unlocked.Changes);
                break;
            case MessageLockRenewed renewed:
                RenewLock(Get(renewed.Place), renewed.LockedUntil);
                break;
            case MessageScheduled scheduled:
                Remember(scheduled.Message, scheduled.SequenceNumber, scheduled.SentTime);
                Schedule(Make(scheduled.SequenceNumber, scheduled.SequenceNumber, scheduled.Message, scheduled.SentTime));
                break;
            case ScheduledMessageEnqueued due:
                var waiting = Get(new MessagePlace(due.ScheduledNumber, SubQueue.None));
                Remove(waiting);
                Insert(Make(due.SequenceNumber, due.ScheduledNumber, waiting.Content, due.EnqueuedTime));
                break;
            case MessageDeferred deferred:
                Defer(Get(deferred.Place), deferred.Changes);
                break;
            case MessageDeadLettered deadLettered:
                DeadLetter(Get(deadLettered.Place), deadLettered.To, deadLettered.Failed, deadLettered.Changes);
                break;
            case SessionLocked locked:
                LockSession(locked);
                break;
            case SessionUnlocked unlocked:
                UnlockSession(Session(unlocked.SessionId));
                break;
            case SessionStateSet set:
                SetState(Session(set.SessionId), set.State);
                break;
            default:
                throw new InvalidOperationException($"Unknown change {change.GetType()}.");
        }
    }

    private StoredMessage Get(MessagePlace place) => TryGetMessage(place, out var message)
        ? message
        : throw new InvalidOperationException($"Queue '{definition.Name}' has no message {place}.");

    private void Remember(SentMessage message, long sequenceNumber, DateTimeOffset acceptedAt)
    {
        if (definition.RequiresDuplicateDetection)
        {
            _history.Add(message.MessageId!, acceptedAt, sequenceNumber);
        }
    }

    private StoredMessage Make(
        long sequenceNumber, long enqueuedNumber, SentMessage message, DateTimeOffset enqueuedTime, Transfer? transfer = null)
    {
        // A number that was reserved may come after later ones.
        NextSequenceNumber = Math.Max(NextSequenceNumber, sequenceNumber + 1);
        return new(sequenceNumber, message, enqueuedTime, Bounded(message.TimeToLive))
        {
            EnqueuedSequenceNumber = enqueuedNumber,
            Hops = transfer?.Hops ?? 0,
            DeadLetterSource = transfer?.DeadLetterSource,
        };
    }

    private TimeSpan Bounded(TimeSpan timeToLive)
        => timeToLive < definition.DefaultMessageTimeToLive ? timeToLive : definition.DefaultMessageTimeToLive;

    private void Insert(StoredMessage message)
    {
        Store(message);
        Join(message);
        AvailableOf(message).Arrive(message);
        BecomeActive(message);
    }

    private void Schedule(StoredMessage message)
    {
        Store(message);
        Join(message);
        message.Status = MessageStatus.Scheduled;
        _scheduled++;
        _due.Set(message, message.Content.ScheduledEnqueueTime);
    }

    private void Lock(StoredMessage message, Guid lockToken, DateTimeOffset lockedUntil)
    {
        if (message.Status == MessageStatus.Active)
        {
            AvailableOf(message).Take(message);
        }
        message.Status = MessageStatus.Locked;
        message.LockToken = lockToken;
        _locks.Add(lockToken, message);
        message.Session?.Locked.Add(message);
        RenewLock(message, lockedUntil);
    }

    private void RenewLock(StoredMessage message, DateTimeOffset lockedUntil)
    {
        message.LockedUntil = lockedUntil;
        if (message.Session is null)
        {
            _due.Set(message, lockedUntil);
        }
        else
        {
            // The session's lock covers its messages.
            _due.Remove(message);
        }
    }

    private void Unlock(StoredMessage message, bool failed, IReadOnlyDictionary<string, object> changes)
    {
        Release(message);
        Modify(message, changes);
        message.FailedDeliveries += failed ? 1 : 0;
        if (message.IsDeferred)
        {
            Park(message);
        }
        else
        {
            AvailableOf(message).Return(message);
            BecomeActive(message);
        }
    }

    private void Defer(StoredMessage message, IReadOnlyDictionary<string, object> changes)
    {
        Release(message);
        Modify(message, changes);
        _deferred += message is { IsDeferred: false, IsDeadLetter: false } ? 1 : 0;
        message.IsDeferred = true;
        Park(message);
    }

    /// <summary>A deferred message is looked at only when it is asked for; its time to live is checked then.</summary>
    private void Park(StoredMessage message)
    {
        message.Status = MessageStatus.Deferred;
        _due.Remove(message);
    }

    private void DeadLetter(StoredMessage message, SubQueue to, bool failed, IReadOnlyDictionary<string, object> changes)
    {
        Remove(message);
        var deadLetter = new StoredMessage(
            message.SequenceNumber, message.Content.WithProperties(changes), message.EnqueuedTime, message.TimeToLive)
        {
            EnqueuedSequenceNumber = message.EnqueuedSequenceNumber,
            Part = to,
            Hops = message.Hops,
            DeadLetterSource = message.DeadLetterSource,
            FailedDeliveries = message.FailedDeliveries + (failed ? 1 : 0),
        };
        Store(deadLetter);
        // Messages are dead-lettered out of order, and received from there in the order of their numbers.
        AvailableOf(deadLetter).Return(deadLetter);
    }

    private void Store(StoredMessage message)
    {
        MapOf(message.Part).Add(message.SequenceNumber, message);
        Bytes += message.Content.Bytes;
    }

    private void Remove(StoredMessage message)
    {
        switch (message.Status)
        {
            case MessageStatus.Active:
                AvailableOf(message).Forget();
                break;
            case MessageStatus.Locked:
                Release(message);
                break;
            case MessageStatus.Scheduled:
                _scheduled--;
                break;
        }
        _deferred -= message is { IsDeferred: true, IsDeadLetter: false } ? 1 : 0;
        message.Status = MessageStatus.Removed;
        _due.Remove(message);
        MapOf(message.Part).Remove(message.SequenceNumber);
        Bytes -= message.Content.Bytes;
        if (message.Session is { } session)
        {
            session.Messages.Remove(message.SessionNode!);
            Settle(session);
        }
    }

    private void Release(StoredMessage message)
    {
        _locks.Remove(message.LockToken);
        message.Session?.Locked.Remove(message);
        message.LockToken = Guid.Empty;
        message.LockedUntil = default;
        message.Transaction = null;
    }

    private void Modify(StoredMessage message, IReadOnlyDictionary<string, object> changes)
    {
        if (changes.Count > 0)
        {
            Bytes -= message.Content.Bytes;
            message.Content = message.Content.WithProperties(changes);
            Bytes += message.Content.Bytes;
        }
    }

    private void BecomeActive(StoredMessage message)
    {
        message.Status = MessageStatus.Active;
        if (message.IsDeadLetter || message.ExpiresAt == DateTimeOffset.MaxValue)
        {
            _due.Remove(message);
        }
        else
        {
            _due.Set(message, message.ExpiresAt);
        }
        if (message.Session is { } session)
        {
            Settle(session);
        }
    }

    private AvailableMessages AvailableOf(StoredMessage message) => message.Part switch
    {
        SubQueue.None => message.Session?.Available ?? Available,
        SubQueue.DeadLetter => AvailableDeadLetters,
        _ => AvailableTransferDeadLetters,
    };
}
