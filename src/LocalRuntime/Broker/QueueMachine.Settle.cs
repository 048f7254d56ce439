namespace ModelJobs.LocalRuntime.Broker;

/// <content>Settling and renewing.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Ends a lock with what the receiver decided.</summary>
    public void Settle(ReceiveSource source, Guid lockToken, Settlement settlement, DateTimeOffset now, BrokerTransaction? transaction = null)
    {
        var message = Locked(source, lockToken, now, transaction);
        CheckHeader(message, settlement);
        switch (settlement.Kind)
        {
            case SettlementKind.Complete:
                Commit(new MessageRemoved(PlaceOf(message)));
                break;
            case SettlementKind.Abandon:
                Fail(message, settlement.Changes);
                break;
            case SettlementKind.Return:
                Commit(new MessageUnlocked(PlaceOf(message), Failed: false, settlement.Changes));
                break;
            case SettlementKind.Defer:
                Commit(new MessageDeferred(PlaceOf(message), settlement.Changes));
                break;
            case SettlementKind.DeadLetter when message.IsDeadLetter:
                // A dead letter stays one; it takes its new reason along and can be received again.
                Commit(new MessageUnlocked(PlaceOf(message), Failed: false, settlement.Changes));
                break;
            case SettlementKind.DeadLetter:
                DeadLetter(message, failed: false, settlement.Changes);
                break;
        }
    }

    /// <summary>Makes a message's lock last for the lock duration from now.</summary>
    /// <returns>When it ends.</returns>
    public DateTimeOffset RenewLock(ReceiveSource source, Guid lockToken, DateTimeOffset now)
    {
        var message = Locked(source, lockToken);
        var lockedUntil = now + definition.LockDuration;
        Commit(new MessageLockRenewed(PlaceOf(message), lockedUntil));
        return lockedUntil;
    }

    /// <summary>Does to a lock what its end of time does. Nothing happens if it has ended already.</summary>
    public void ExpireLock(ReceiveSource source, Guid lockToken)
    {
        if (_state.TryGetLocked(lockToken, out var message) && message.Part == source.Part)
        {
            Fail(message, SentMessage.NoProperties);
        }
    }

    /// <summary>Keeps a message for a transaction that will settle it: no one else can while that is open.</summary>
    public void Enlist(ReceiveSource source, Guid lockToken, Settlement settlement, DateTimeOffset now, BrokerTransaction transaction)
    {
        var message = Locked(source, lockToken, now, transaction: null);
        CheckHeader(message, settlement);
        message.Transaction = transaction;
    }

    /// <summary>Whether a transaction can settle a message now.</summary>
    public void CheckSettle(ReceiveSource source, Guid lockToken, DateTimeOffset now, BrokerTransaction transaction)
        => Locked(source, lockToken, now, transaction);

    private StoredMessage Locked(ReceiveSource source, Guid lockToken, DateTimeOffset now, BrokerTransaction? transaction)
    {
        var message = Locked(source, lockToken);
        return message.Transaction is not { } other || ReferenceEquals(other, transaction) || !other.IsOpenAt(now)
            ? message
            : throw BrokerErrors.MessageInTransaction(definition.Name);
    }

    private void CheckHeader(StoredMessage message, Settlement settlement)
    {
        if (settlement.Changes.Count > 0)
        {
            ThrowIfOver(
                BrokerLimits.MaxHeaderBytes, message.Content.WithProperties(settlement.Changes).HeaderBytes,
                "message's header (its properties) with these changes");
        }
    }

    private StoredMessage Locked(ReceiveSource source, Guid lockToken)
    {
        if (source.Session is { } lease)
        {
            Held(lease);
        }
        return _state.TryGetLocked(lockToken, out var message) && message.Part == source.Part
            ? message
            : throw BrokerErrors.MessageLockLost(definition.Name);
    }
}
