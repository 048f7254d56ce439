namespace ModelJobs.LocalRuntime.Broker;

/// <content>How a queue comes back after its process is gone.</content>
internal sealed partial class QueueState
{
    /// <summary>
    /// Fills an empty state. Locks that were held come back as locks that are over: no one has their tokens any more, and what
    /// happens to their messages is decided where it always is, when time is next brought up to date. Sessions that are ready take
    /// turns in the order of their first messages.
    /// </summary>
    /// <exception cref="InvalidOperationException">The queue requires sessions now, and a message has none.</exception>
    public void Restore(QueueSnapshot snapshot)
    {
        foreach (var accepted in snapshot.Accepted)
        {
            _history.Add(accepted.MessageId, accepted.AcceptedAt, accepted.SequenceNumber);
        }
        foreach (var saved in snapshot.Sessions)
        {
            SetState(Session(saved.Id), saved.State);
            if (saved.WasLocked)
            {
                LockSession(new SessionLocked(saved.Id, PastToken(1), DateTimeOffset.MinValue));
            }
        }
        foreach (var saved in snapshot.Messages)
        {
            Restore(saved);
        }
        NextSequenceNumber = snapshot.NextSequenceNumber;
    }

    private void Restore(MessageSnapshot saved)
    {
        var message = new StoredMessage(saved.SequenceNumber, saved.Content, saved.EnqueuedTime, Bounded(saved.Content.TimeToLive))
        {
            EnqueuedSequenceNumber = saved.EnqueuedSequenceNumber,
            Part = saved.Part,
            Hops = saved.Hops,
            DeadLetterSource = saved.DeadLetterSource,
            IsDeferred = saved.IsDeferred,
            FailedDeliveries = saved.FailedDeliveries,
        };
        if (definition.RequiresSession && !message.IsDeadLetter && message.Content.SessionId is null)
        {
            throw new InvalidOperationException(
                $"Queue '{definition.Name}' requires sessions now, and message {message.SequenceNumber} that it kept has no session.");
        }
        if (saved.IsScheduled)
        {
            Schedule(message);
            return;
        }
        Store(message);
        Join(message);
        _deferred += message is { IsDeferred: true, IsDeadLetter: false } ? 1 : 0;
        if (saved.WasLocked)
        {
            message.Status = MessageStatus.Locked;
            Lock(message, PastToken(message.SequenceNumber), DateTimeOffset.MinValue);
        }
        else if (saved.IsDeferred)
        {
            Park(message);
        }
        else
        {
            AvailableOf(message).Arrive(message);
            BecomeActive(message);
        }
    }

    /// <summary>Stands for a token that went with its process; two messages never share one.</summary>
    private static Guid PastToken(long number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, number);
        return new Guid(bytes);
    }
}
