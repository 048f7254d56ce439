using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

/// <summary>Does random things to a queue, as senders, receivers and time do, with stale locks among them.</summary>
internal sealed class RandomHistory(QueueMachine machine, Random random, DateTimeOffset start)
{
    private static readonly IReadOnlyDictionary<string, object> Change = new Dictionary<string, object> { ["changed"] = true };

    private readonly List<SessionLease> _leases = [];
    private readonly List<(ReceiveSource Source, Delivery Delivery)> _held = [];

    public DateTimeOffset Now { get; private set; } = start;

    /// <summary>Messages that the queue accepted.</summary>
    public int Sent { get; private set; }

    /// <summary>Messages that left the queue: completed, deleted on receipt or cancelled.</summary>
    public int Completed { get; private set; }

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            machine.AdvanceTo(Now);
            try
            {
                Step();
            }
            catch (ServiceBusException e) when (e.Reason
                is ServiceBusFailureReason.MessageLockLost or ServiceBusFailureReason.SessionLockLost
                or ServiceBusFailureReason.MessageNotFound or ServiceBusFailureReason.SessionCannotBeLocked)
            {
                // What became stale on the way is refused.
            }
        }
        machine.AdvanceTo(Now);
    }

    private void Step()
    {
        switch (random.Next(12))
        {
            case 0 or 1 or 2:
                Send();
                break;
            case 3 or 4:
                Receive();
                break;
            case 5 or 6 or 7:
                Settle();
                break;
            case 8:
                Now += TimeSpan.FromSeconds(random.Next(40));
                break;
            case 9 when machine.Definition.RequiresSession:
                Session();
                break;
            case 10:
                ReceiveDeferred();
                break;
            case 11:
                CancelScheduled();
                break;
        }
    }

    private void Send()
    {
        var count = Total();
        var messages = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new SentMessage
        {
            MessageId = $"{random.Next(500)}",
            SessionId = $"{random.Next(4)}",
            Body = new byte[random.Next(10)],
            TimeToLive = random.Next(3) == 0 ? TimeSpan.FromSeconds(random.Next(1, 90)) : TimeSpan.MaxValue,
            ScheduledEnqueueTime = random.Next(4) == 0 ? Now.AddSeconds(random.Next(90)) : default,
        });
        machine.Send([.. messages], Now);
        Sent += Total() - count;
    }

    private void Receive()
    {
        var source = Source();
        var mode = random.Next(6) == 0 ? ServiceBusReceiveMode.ReceiveAndDelete : ServiceBusReceiveMode.PeekLock;
        var deliveries = machine.Receive(source, mode, random.Next(1, 5), Now);
        Keep(source, mode, deliveries);
    }

    private void ReceiveDeferred()
    {
        var source = Source();
        var deferred = machine.Peek(source, 0, BrokerLimits.MaxPeekedMessages)
            .Where(delivery => delivery.State == ServiceBusMessageState.Deferred)
            .Select(delivery => delivery.SequenceNumber)
            .Take(2)
            .ToList();
        Keep(source, ServiceBusReceiveMode.PeekLock, machine.ReceiveDeferred(source, ServiceBusReceiveMode.PeekLock, deferred, Now));
    }

    private void CancelScheduled()
    {
        var scheduled = machine.Peek(default, 0, BrokerLimits.MaxPeekedMessages)
            .FirstOrDefault(delivery => delivery.State == ServiceBusMessageState.Scheduled);
        if (scheduled is not null)
        {
            machine.CancelScheduled([scheduled.SequenceNumber]);
            Completed++;
        }
    }

    private void Settle()
    {
        if (_held.Count == 0)
        {
            return;
        }
        var index = random.Next(_held.Count);
        var (source, delivery) = _held[index];
        // Some are settled twice, which must be refused.
        if (random.Next(10) > 0)
        {
            _held.RemoveAt(index);
        }
        switch (random.Next(5))
        {
            case 0:
                machine.Settle(source, delivery.LockToken, Settlement.Abandon(Change), Now);
                break;
            case 1:
                machine.Settle(source, delivery.LockToken, Settlement.Defer(Change), Now);
                break;
            case 2:
                machine.Settle(source, delivery.LockToken, Settlement.DeadLetter(Change, "reason", "description"), Now);
                break;
            case 3 when source.Session is null:
                machine.RenewLock(source, delivery.LockToken, Now);
                break;
            default:
                machine.Settle(source, delivery.LockToken, Settlement.Complete, Now);
                Completed++;
                break;
        }
    }

    private void Session()
    {
        switch (random.Next(5))
        {
            case 0 when machine.TryAcceptNextSession(Now, out var lease):
                _leases.Add(lease);
                break;
            case 1:
                _leases.Add(machine.AcceptSession($"{random.Next(5)}", Now));
                break;
            case 2 when _leases.Count > 0:
                var released = _leases[random.Next(_leases.Count)];
                machine.ReleaseSession(released);
                _leases.Remove(released);
                break;
            case 3 when _leases.Count > 0:
                machine.RenewSessionLock(_leases[random.Next(_leases.Count)], Now);
                break;
            case 4 when _leases.Count > 0:
                ReadOnlyMemory<byte>? state = random.Next(2) == 0 ? default(ReadOnlyMemory<byte>?) : new byte[] { 1 };
                machine.SetSessionState(_leases[random.Next(_leases.Count)], state);
                break;
        }
    }

    /// <summary>The queue, one of the sessions accepted so far (the hold may be lost), or the dead letters.</summary>
    private ReceiveSource Source()
    {
        if (random.Next(5) == 0 || (machine.Definition.RequiresSession && _leases.Count == 0))
        {
            return new ReceiveSource(SubQueue.DeadLetter, Session: null);
        }
        return new ReceiveSource(SubQueue.None, machine.Definition.RequiresSession ? _leases[random.Next(_leases.Count)] : null);
    }

    private void Keep(ReceiveSource source, ServiceBusReceiveMode mode, Delivery[] deliveries)
    {
        if (mode == ServiceBusReceiveMode.ReceiveAndDelete)
        {
            Completed += deliveries.Length;
        }
        else
        {
            _held.AddRange(deliveries.Select(delivery => (source, delivery)));
        }
    }

    private int Total()
    {
        var counts = machine.Counts;
        return counts.Active + counts.Scheduled + counts.Deferred + counts.DeadLetter;
    }
}
