using System.Collections.Concurrent;
using System.Globalization;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>A queue whose operations are struck by faults, whoever asks for them: the app, its triggers, or a client from outside.</summary>
internal sealed class FaultyQueue(QueueDefinition definition, TimeProvider time, Random random, IQueueJournal? journal, FaultInjector faults)
    : BrokerQueue(definition, time, random, journal)
{
    /// <summary>Locks whose messages are remembered; the oldest are forgotten beyond, and their settlements are not struck.</summary>
    private const int MaxLocks = 100_000;

    /// <summary>What was delivered under a lock, as <c>chunks/job-…/0/3#1</c>: queue, message and delivery.</summary>
    private readonly ConcurrentDictionary<Guid, string> _subjects = new();
    private readonly ConcurrentQueue<Guid> _locks = new();

    public override async ValueTask<IReadOnlyList<long>> SendAsync(IReadOnlyList<SentMessage> messages)
    {
        var subject = string.Create(CultureInfo.InvariantCulture, $"{Name}/{messages[0].MessageId}+{messages.Count - 1}");
        await faults.PassAsync(CrashPoint.SendBefore);
        await faults.DelayAsync(FaultKind.QueueDelayed, subject);
        ThrowIf(FaultKind.SendFailed, subject);
        var numbers = await base.SendAsync(messages);
        await faults.PassAsync(CrashPoint.SendAfter);
        ThrowIf(FaultKind.SendUnconfirmed, subject);
        return numbers;
    }

    public override async ValueTask<Delivery[]> ReceiveAsync(ReceiveRequest request, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        await faults.WhileAliveAsync();
        var deliveries = await base.ReceiveAsync(request, maxWait, cancellationToken);
        if (deliveries.Length > 0)
        {
            await faults.PassAsync(CrashPoint.ReceiveAfter);
        }

        var isFirst = true;
        foreach (var delivery in deliveries.Where(static delivery => delivery.LockToken != Guid.Empty))
        {
            var subject = Remember(delivery);
            if (request.Source.Session is { } lease)
            {
                // One lock for them all: each having its chance, a session with many messages would hardly ever be held.
                if (isFirst)
                {
                    ExpireEarly(FaultKind.SessionLockExpired, subject, () => ExpireSession(lease));
                    isFirst = false;
                }
            }
            else
            {
                ExpireEarly(FaultKind.MessageLockExpired, subject, () => ExpireLock(request.Source, delivery.LockToken));
            }
        }

        return deliveries;
    }

    public override async ValueTask SettleAsync(ReceiveSource source, Guid lockToken, Settlement settlement)
    {
        await faults.PassAsync(CrashPoint.SettleBefore);
        if (!_subjects.TryRemove(lockToken, out var subject))
        {
            await base.SettleAsync(source, lockToken, settlement);
            return;
        }

        await faults.DelayAsync(FaultKind.QueueDelayed, subject);
        ThrowIf(FaultKind.SettleFailed, subject);
        if (faults.Strikes(FaultKind.SettleLost, subject))
        {
            return;
        }

        var isRepeated = settlement.Kind == SettlementKind.Complete && faults.Strikes(FaultKind.DeliveredTwice, subject);
        await base.SettleAsync(source, lockToken, isRepeated ? Settlement.Abandon(SentMessage.NoProperties) : settlement);
        await faults.PassAsync(CrashPoint.SettleAfter);
        ThrowIf(FaultKind.SettleUnconfirmed, subject);
    }

    public override async ValueTask SetSessionStateAsync(SessionLease lease, ReadOnlyMemory<byte>? state)
    {
        var subject = SessionSubject(lease.SessionId);
        await faults.PassAsync(CrashPoint.SessionBefore);
        ThrowIf(FaultKind.SettleFailed, subject);
        await base.SetSessionStateAsync(lease, state);
        await faults.PassAsync(CrashPoint.SessionAfter);
        ThrowIf(FaultKind.SettleUnconfirmed, subject);
    }

    public override async ValueTask<SessionLease> AcceptSessionAsync(string sessionId)
    {
        await faults.WhileAliveAsync();
        await faults.DelayAsync(FaultKind.QueueDelayed, SessionSubject(sessionId));
        return await base.AcceptSessionAsync(sessionId);
    }

    public override async ValueTask<SessionLease> AcceptNextSessionAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        await faults.WhileAliveAsync();
        return await base.AcceptNextSessionAsync(maxWait, cancellationToken);
    }

    public override async ValueTask<DateTimeOffset> RenewLockAsync(ReceiveSource source, Guid lockToken)
    {
        await faults.WhileAliveAsync();
        return await base.RenewLockAsync(source, lockToken);
    }

    public override async ValueTask<DateTimeOffset> RenewSessionLockAsync(SessionLease lease)
    {
        await faults.WhileAliveAsync();
        return await base.RenewSessionLockAsync(lease);
    }

    public override void ReleaseSession(SessionLease lease)
    {
        if (!faults.IsDead)
        {
            base.ReleaseSession(lease);
        }
    }

    private string SessionSubject(string sessionId) => $"{Name}[{sessionId}]";

    private string Remember(Delivery delivery)
    {
        var subject = string.Create(CultureInfo.InvariantCulture, $"{Name}/{delivery.Content.MessageId}#{delivery.DeliveryCount}");
        _subjects[delivery.LockToken] = subject;
        _locks.Enqueue(delivery.LockToken);
        if (_locks.Count > MaxLocks && _locks.TryDequeue(out var oldest))
        {
            _subjects.TryRemove(oldest, out _);
        }

        return subject;
    }

    private void ExpireEarly(FaultKind kind, string subject, Action expire)
    {
        if (faults.Strikes(kind, subject))
        {
            _ = ExpireAsync(faults.Span(kind, subject, FaultProfile.MaxEarlyExpiry), expire);
        }
    }

    private async Task ExpireAsync(TimeSpan after, Action expire)
    {
        await Task.Delay(after, faults.Time);
        if (!faults.IsDead)
        {
            expire();
        }
    }

    private void ThrowIf(FaultKind kind, string subject)
    {
        if (faults.Strikes(kind, subject))
        {
            throw new ServiceBusException($"Injected fault: {kind}.", ServiceBusFailureReason.ServiceCommunicationProblem, Name);
        }
    }
}
