using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// A queue that runs: a <see cref="QueueMachine"/> under a lock and a clock. Every command goes the same way, through
/// <see cref="Run"/>: time is brought up to date, the command runs, waiting receivers are served, and one timer is set to the next
/// moment at which something is due. Nothing polls. What a command changed is appended to the journal before the next one runs, and
/// an answer is given only when everything that it can have seen is on disk. Safe for concurrent use; what a method refuses it
/// throws at once.
/// </summary>
internal partial class BrokerQueue : IDisposable
{
    /// <summary>Timers reach not much further than this; a moment beyond it is approached in steps.</summary>
    private static readonly TimeSpan MaxTimerSpan = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly QueueMachine _machine;
    private readonly WaitingRoom _waiting;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly IQueueJournal? _journal;
    private List<QueueChange> _changes = [];
    private Task _written = Task.CompletedTask;
    private DateTimeOffset _timerDue = DateTimeOffset.MaxValue;
    private Forwarder? _forwarder;
    private bool _stopped;

    /// <param name="definition">The queue's properties.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where lock tokens and message ids come from.</param>
    /// <param name="journal">Keeps the queue, and what it held before; null: it lives in memory only.</param>
    public BrokerQueue(QueueDefinition definition, TimeProvider time, Random random, IQueueJournal? journal = null)
    {
        _journal = journal;
        _machine = new QueueMachine(definition, random, journal is null ? null : change => _changes.Add(change));
        _waiting = new WaitingRoom(_machine);
        _time = time;
        _timer = time.CreateTimer(
            static queue => ((BrokerQueue)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (journal is not null)
        {
            _machine.Restore(journal.Load());
            OnTimer();
        }
    }

    public string Name => _machine.Definition.Name;

    public QueueDefinition Definition => _machine.Definition;

    /// <summary>How many messages there are now, by state.</summary>
    public QueueCounts Counts => Run(static (machine, _, _) => machine.Counts, 0);

    /// <summary>Bytes of all messages, dead letters included, and of the sessions' states.</summary>
    public long SizeInBytes => Run(static (machine, _, _) => machine.SizeInBytes, 0);

    /// <inheritdoc cref="QueueMachine.Send"/>
    public virtual ValueTask<IReadOnlyList<long>> SendAsync(IReadOnlyList<SentMessage> messages)
        => RunAsync(static (machine, now, messages) => machine.Send(messages, now), messages);

    /// <inheritdoc cref="QueueMachine.CancelScheduled"/>
    public ValueTask CancelScheduledAsync(IReadOnlyList<long> sequenceNumbers)
        => DoAsync(static (machine, _, numbers) => machine.CancelScheduled(numbers), sequenceNumbers);

    /// <summary>Receives messages: those that are there, or the first that come within <paramref name="maxWait"/>.</summary>
    /// <returns>The messages; none if none came in time.</returns>
    public virtual ValueTask<Delivery[]> ReceiveAsync(ReceiveRequest request, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        ReceiveWaiter? waiter = null;
        var deliveries = Run(
            (machine, now, request) =>
            {
                var found = machine.Receive(request.Source, request.Mode, request.MaxMessages, now);
                if (found.Length == 0 && maxWait > TimeSpan.Zero)
                {
                    waiter = _waiting.ForMessages(request, now, maxWait);
                }
                return found;
            },
            request);
        return waiter is null ? WhenWritten(deliveries) : new(WaitAsync(waiter, cancellationToken));
    }

    /// <inheritdoc cref="QueueMachine.ReceiveDeferred"/>
    public ValueTask<Delivery[]> ReceiveDeferredAsync(ReceiveSource source, ServiceBusReceiveMode mode, IReadOnlyList<long> sequenceNumbers)
        => RunAsync(
            static (machine, now, a) => machine.ReceiveDeferred(a.source, a.mode, a.sequenceNumbers, now),
            (source, mode, sequenceNumbers));

    /// <inheritdoc cref="QueueMachine.Peek"/>
    public ValueTask<Delivery[]> PeekAsync(ReceiveSource source, long fromSequenceNumber, int maxMessages)
        => RunAsync(
            static (machine, _, a) => machine.Peek(a.source, a.fromSequenceNumber, a.maxMessages),
            (source, fromSequenceNumber, maxMessages));

    /// <inheritdoc cref="QueueMachine.Settle"/>
    public virtual ValueTask SettleAsync(ReceiveSource source, Guid lockToken, Settlement settlement)
        => DoAsync(
            static (machine, now, a) => machine.Settle(a.source, a.lockToken, a.settlement, now), (source, lockToken, settlement));

    /// <inheritdoc cref="QueueMachine.RenewLock"/>
    public virtual ValueTask<DateTimeOffset> RenewLockAsync(ReceiveSource source, Guid lockToken)
        => RunAsync(static (machine, now, a) => machine.RenewLock(a.source, a.lockToken, now), (source, lockToken));

    /// <inheritdoc cref="QueueMachine.AcceptSession"/>
    public virtual ValueTask<SessionLease> AcceptSessionAsync(string sessionId)
        => RunAsync(static (machine, now, id) => machine.AcceptSession(id, now), sessionId);

    /// <summary>
    /// Takes the session that has been ready for longest, or the first that becomes so within <paramref name="maxWait"/>.
    /// </summary>
    /// <exception cref="ServiceBusException">None became ready in time (ServiceTimeout).</exception>
    public virtual ValueTask<SessionLease> AcceptNextSessionAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        SessionWaiter? waiter = null;
        var lease = Run(
            (machine, now, maxWait) =>
            {
                if (!machine.TryAcceptNextSession(now, out var found))
                {
                    waiter = _waiting.ForSession(now, maxWait);
                }
                return found;
            },
            maxWait);
        return waiter is null ? WhenWritten(lease!) : new(WaitAsync(waiter, cancellationToken));
    }

    /// <inheritdoc cref="QueueMachine.RenewSessionLock"/>
    public virtual ValueTask<DateTimeOffset> RenewSessionLockAsync(SessionLease lease)
        => RunAsync(static (machine, now, lease) => machine.RenewSessionLock(lease, now), lease);

    /// <inheritdoc cref="QueueMachine.ReleaseSession"/>
    public virtual void ReleaseSession(SessionLease lease)
    {
        // A queue that stopped has let go of everyone.
        TryDo(machine => machine.ReleaseSession(lease));
    }

    public ValueTask<ReadOnlyMemory<byte>?> GetSessionStateAsync(SessionLease lease)
        => RunAsync(static (machine, _, lease) => machine.GetSessionState(lease), lease);

    public virtual ValueTask SetSessionStateAsync(SessionLease lease, ReadOnlyMemory<byte>? state)
        => DoAsync(static (machine, _, a) => machine.SetSessionState(a.lease, a.state), (lease, state));

    /// <inheritdoc cref="QueueMachine.GetSessionIds"/>
    public ValueTask<string[]> GetSessionIdsAsync(int skip, int top)
        => RunAsync(static (machine, _, a) => machine.GetSessionIds(a.skip, a.top), (skip, top));

    /// <summary>Ends a message's lock as if its time had come; nothing happens if it has ended already.</summary>
    protected void ExpireLock(ReceiveSource source, Guid lockToken) => TryDo(machine => machine.ExpireLock(source, lockToken));

    /// <summary>Ends a hold on a session as if its time had come; nothing happens if it has ended already.</summary>
    protected void ExpireSession(SessionLease lease) => TryDo(machine => machine.ExpireSession(lease));

    /// <summary>Stops the queue: waiting receivers fail, and so does every later command.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            _timer.Dispose();
            _waiting.FailAll(BrokerErrors.Stopped(Name));
        }
    }
}
