namespace ModelJobs.LocalRuntime.Broker;

/// <content>Sessions and who may be accepted next.</content>
internal sealed partial class QueueState
{
    /// <summary>A session by id; one that is not there yet has neither messages nor state.</summary>
    private StoredSession Session(string id)
    {
        if (!_sessions.TryGetValue(id, out var session))
        {
            session = new StoredSession(id, _sessionsSeen++);
            _sessions.Add(id, session);
        }
        return session;
    }

    /// <summary>Puts a message among those of its session, by number; most come last.</summary>
    private void Join(StoredMessage message)
    {
        // One without a session can come to a queue with sessions from another queue; it is dead-lettered at once.
        if (!definition.RequiresSession || message.IsDeadLetter || message.Content.SessionId is not { } sessionId)
        {
            return;
        }
        var session = Session(sessionId);
        message.Session = session;
        var before = session.Messages.Last;
        while (before is not null && before.Value.SequenceNumber > message.SequenceNumber)
        {
            before = before.Previous;
        }
        message.SessionNode = before is null ? session.Messages.AddFirst(message) : session.Messages.AddAfter(before, message);
    }

    private void SetState(StoredSession session, ReadOnlyMemory<byte>? state)
    {
        Bytes += (state?.Length ?? 0) - (session.State?.Length ?? 0);
        session.State = state;
        Settle(session);
    }

    private void LockSession(SessionLocked locked)
    {
        var session = Session(locked.SessionId);
        session.LockToken = locked.LockToken;
        session.LockedUntil = locked.LockedUntil;
        _due.Set(session, locked.LockedUntil);
        Settle(session);
    }

    private void UnlockSession(StoredSession session)
    {
        session.LockToken = Guid.Empty;
        session.LockedUntil = default;
        _due.Remove(session);
        Settle(session);
        // Who watched was told just now, and watched under the hold that ended.
        session.IsWatched = false;
    }

    /// <summary>
    /// Puts a session where it belongs after it changed: among the ready ones, at their end, so that sessions take turns; or
    /// nowhere, when nothing of it is left.
    /// </summary>
    private void Settle(StoredSession session)
    {
        var isReady = !session.IsLocked && session.Available.Count > 0;
        var wasReady = session.ReadyNode.List is not null;
        if (isReady && !wasReady)
        {
            _ready.AddLast(session.ReadyNode);
        }
        else if (wasReady && !isReady)
        {
            _ready.Remove(session.ReadyNode);
        }
        if (session.IsWatched)
        {
            _woken.Enqueue(session);
        }
        if (session.IsIdle)
        {
            _sessions.Remove(session.Id);
        }
    }
}
