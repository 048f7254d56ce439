using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>The receivers that wait on one queue, first come first served, and how they are served.</summary>
internal sealed class WaitingRoom(QueueMachine machine)
{
    private readonly WaitingLine _messages = new();
    private readonly WaitingLine _deadLetters = new();
    private readonly WaitingLine _transferDeadLetters = new();
    private readonly WaitingLine _sessions = new();
    private readonly Dictionary<string, WaitingLine> _bySession = new(StringComparer.Ordinal);
    private readonly DueHeap<Waiter> _due = new();
    private long _waiters;

    /// <summary>When the next wait ends in vain.</summary>
    public DateTimeOffset? NextDue => _due.NextDue;

    public ReceiveWaiter ForMessages(ReceiveRequest request, DateTimeOffset now, TimeSpan maxWait)
    {
        var waiter = new ReceiveWaiter(_waiters++, request);
        Join(LineOf(request.Source), waiter, now, maxWait);
        return waiter;
    }

    public SessionWaiter ForSession(DateTimeOffset now, TimeSpan maxWait)
    {
        var waiter = new SessionWaiter(_waiters++, machine.Definition.Name, maxWait);
        Join(_sessions, waiter, now, maxWait);
        return waiter;
    }

    /// <summary>Gives what is there to those who wait for it.</summary>
    public void Serve(DateTimeOffset now)
    {
        ServeMessages(_messages, now);
        ServeMessages(_deadLetters, now);
        ServeMessages(_transferDeadLetters, now);
        while (_sessions.First is SessionWaiter waiter && machine.TryAcceptNextSession(now, out var lease))
        {
            End(waiter);
            waiter.Serve(lease);
        }
        while (machine.TryTakeWoken(out var sessionId))
        {
            if (_bySession.TryGetValue(sessionId, out var line))
            {
                ServeMessages(line, now);
            }
        }
    }

    /// <summary>Ends the waits that lasted long enough.</summary>
    public void TimeOut(DateTimeOffset now)
    {
        while (_due.TryPeekDue(now, out var waiter))
        {
            End(waiter);
            waiter.TimeOut();
        }
    }

    /// <summary>Ends a wait that is no longer wanted, unless it ended already.</summary>
    public void Cancel(Waiter waiter, CancellationToken cancellationToken)
    {
        if (waiter.Line is not null)
        {
            End(waiter);
            waiter.Cancel(cancellationToken);
        }
    }

    public void FailAll(Exception exception)
    {
        while (_due.TryPeekDue(DateTimeOffset.MaxValue, out var waiter))
        {
            End(waiter);
            waiter.Fail(exception);
        }
    }

    private void ServeMessages(WaitingLine line, DateTimeOffset now)
    {
        while (line.First is ReceiveWaiter waiter)
        {
            var request = waiter.Request;
            if (request.Source.Session is { } lease && !machine.IsHeld(lease))
            {
                End(waiter);
                waiter.Fail(BrokerErrors.SessionLockLost(machine.Definition.Name, lease.SessionId));
            }
            else if (machine.Receive(request.Source, request.Mode, request.MaxMessages, now) is { Length: > 0 } deliveries)
            {
                End(waiter);
                waiter.Serve(deliveries);
            }
            else
            {
                return;
            }
        }
    }

    private void Join(WaitingLine line, Waiter waiter, DateTimeOffset now, TimeSpan maxWait)
    {
        line.Join(waiter);
        _due.Set(waiter, maxWait >= DateTimeOffset.MaxValue - now ? DateTimeOffset.MaxValue : now + maxWait);
    }

    private void End(Waiter waiter)
    {
        waiter.Line!.Leave(waiter);
        _due.Remove(waiter);
        if (waiter is ReceiveWaiter { Request.Source.Session: { } lease } && _bySession[lease.SessionId].First is null)
        {
            _bySession.Remove(lease.SessionId);
            machine.Watch(lease, watch: false);
        }
    }

    private WaitingLine LineOf(ReceiveSource source)
    {
        if (source.Session is not { } lease)
        {
            return source.Part switch
            {
                SubQueue.None => _messages,
                SubQueue.DeadLetter => _deadLetters,
                _ => _transferDeadLetters,
            };
        }
        if (!_bySession.TryGetValue(lease.SessionId, out var line))
        {
            line = new WaitingLine();
            _bySession.Add(lease.SessionId, line);
        }
        machine.Watch(lease, watch: true);
        return line;
    }
}
