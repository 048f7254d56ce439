namespace ModelJobs.LocalRuntime.Broker;

/// <content>Settling and renewing.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Ends a lock with what the receiver decided.</summary>
    public void Settle(ReceiveSource source, Guid lockToken, Settlement settlement)
    {
        var message = Locked(source, lockToken);
        switch (settlement.Kind)
        {
            case SettlementKind.Complete:
                Commit(new MessageRemoved(PlaceOf(message)));
                break;
            case SettlementKind.Abandon:
                Fail(message, settlement.Changes);
                break;
            case SettlementKind.Defer:
                Commit(new MessageDeferred(PlaceOf(message), settlement.Changes));
                break;
            case SettlementKind.DeadLetter when message.IsDeadLetter:
                // A dead letter stays one; it takes its new reason along and can be received again.
                Commit(new MessageUnlocked(PlaceOf(message), Failed: false, settlement.Changes));
                break;
            case SettlementKind.DeadLetter:
                Commit(new MessageDeadLettered(message.SequenceNumber, Failed: false, settlement.Changes));
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

    private StoredMessage Locked(ReceiveSource source, Guid lockToken)
    {
        if (source.Session is { } lease)
        {
            Held(lease);
        }
        return _state.TryGetLocked(lockToken, out var message) && message.IsDeadLetter == source.IsDeadLetter
            ? message
            : throw BrokerErrors.MessageLockLost(definition.Name);
    }
}
