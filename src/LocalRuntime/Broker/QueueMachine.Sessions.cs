using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.LocalRuntime.Broker;

/// <content>Sessions.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Takes a session by its id, whether or not it has messages.</summary>
    public SessionLease AcceptSession(string sessionId, DateTimeOffset now)
    {
        ThrowUnlessSessions();
        return _state.TryGetSession(sessionId, out var session) && session.IsLocked
            ? throw BrokerErrors.SessionCannotBeLocked(definition.Name, sessionId)
            : Hold(sessionId, now);
    }

    /// <summary>Takes the session that has been ready for longest, if one is.</summary>
    public bool TryAcceptNextSession(DateTimeOffset now, [NotNullWhen(true)] out SessionLease? lease)
    {
        ThrowUnlessSessions();
        lease = _state.TryPeekReady(out var session) ? Hold(session.Id, now) : null;
        return lease is not null;
    }

    /// <summary>Makes a hold last for the lock duration from now.</summary>
    /// <returns>When it ends.</returns>
    public DateTimeOffset RenewSessionLock(SessionLease lease, DateTimeOffset now)
    {
        var session = Held(lease);
        var lockedUntil = now + definition.LockDuration;
        Commit(new SessionLocked(session.Id, lease.LockToken, lockedUntil));
        return lockedUntil;
    }

    /// <summary>
    /// Lets go of a session. Its locked messages are available again, and their deliveries do not count as failed. Nothing happens
    /// if the hold is lost already.
    /// </summary>
    public void ReleaseSession(SessionLease lease)
    {
        if (TryGetHeld(lease, out var session))
        {
            EndHold(session, failed: false);
        }
    }

    /// <summary>Does to a hold what its end of time does. Nothing happens if it is lost already.</summary>
    public void ExpireSession(SessionLease lease)
    {
        if (TryGetHeld(lease, out var session))
        {
            EndHold(session, failed: true);
        }
    }

    public ReadOnlyMemory<byte>? GetSessionState(SessionLease lease) => Held(lease).State;

    public void SetSessionState(SessionLease lease, ReadOnlyMemory<byte>? state)
    {
        CheckRoom(CheckSessionState(lease, state));
        SetSessionStateChecked(lease, state);
    }

    /// <summary>Does what <see cref="SetSessionState"/> does after its checks.</summary>
    public void SetSessionStateChecked(SessionLease lease, ReadOnlyMemory<byte>? state) => Commit(new SessionStateSet(lease.SessionId, state));

    /// <summary>Refuses a state that is too large, or to set one without holding the session.</summary>
    /// <returns>Bytes by which the queue will grow.</returns>
    public long CheckSessionState(SessionLease lease, ReadOnlyMemory<byte>? state)
    {
        var session = Held(lease);
        ThrowIfOver(BrokerLimits.MaxSessionStateBytes, state?.Length ?? 0, "session's state");
        return Math.Max(0, (state?.Length ?? 0) - (session.State?.Length ?? 0));
    }

    /// <summary>Ids of the sessions that have messages, in the order of the ids.</summary>
    public string[] GetSessionIds(int skip, int top)
    {
        ThrowUnlessSessions();
        return [.. _state.Sessions
            .Where(static session => session.Messages.Count > 0)
            .Select(static session => session.Id)
            .Order(StringComparer.Ordinal)
            .Skip(skip)
            .Take(top)];
    }

    /// <summary>Whether <see cref="TryTakeWoken"/> reports the held session from now on.</summary>
    public void Watch(SessionLease lease, bool watch)
    {
        if (TryGetHeld(lease, out var session))
        {
            session.IsWatched = watch;
        }
    }

    /// <summary>The next watched session whose messages or lock changed since the last call.</summary>
    public bool TryTakeWoken([NotNullWhen(true)] out string? sessionId)
    {
        sessionId = _state.TryTakeWoken(out var session) ? session.Id : null;
        return sessionId is not null;
    }

    /// <summary>Whether a hold still lasts.</summary>
    public bool IsHeld(SessionLease lease) => TryGetHeld(lease, out _);

    private SessionLease Hold(string sessionId, DateTimeOffset now)
    {
        var lease = new SessionLease(sessionId, NewToken(), now + definition.LockDuration);
        Commit(new SessionLocked(sessionId, lease.LockToken, lease.LockedUntil));
        return lease;
    }

    private void EndHold(StoredSession session, bool failed)
    {
        foreach (var message in session.Locked.OrderBy(message => message.SequenceNumber).ToList())
        {
            if (failed)
            {
                Fail(message, SentMessage.NoProperties);
            }
            else
            {
                Commit(new MessageUnlocked(PlaceOf(message), Failed: false, SentMessage.NoProperties));
            }
        }
        Commit(new SessionUnlocked(session.Id));
    }

    private StoredSession Held(SessionLease lease) => TryGetHeld(lease, out var session)
        ? session
        : throw BrokerErrors.SessionLockLost(definition.Name, lease.SessionId);

    private bool TryGetHeld(SessionLease lease, [NotNullWhen(true)] out StoredSession? session)
        => _state.TryGetSession(lease.SessionId, out session) && session.LockToken == lease.LockToken;

    private void ThrowUnlessSessions()
    {
        if (!definition.RequiresSession)
        {
            throw BrokerErrors.HasNoSessions(definition.Name);
        }
    }
}
