using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Sends and settlements that happen together or not at all. An operation that joins is checked at once and refused as it would be without
/// a transaction, which stays open then; nothing of it can be seen before the commit, but a message that was settled here cannot be settled
/// elsewhere meanwhile. The commit checks everything again, for locks may have run out, and then does all of it as one change, in memory
/// and in the journal. After a roll-back nothing has happened, and messages are locked as they were.
/// <para>
/// As in the service, the operations of a transaction are on one entity, and receiving is none of them. Sends to other entities go "via" it:
/// in the service through its transfer queue, here directly.
/// </para>
/// Safe for concurrent use.
/// </summary>
internal sealed class BrokerTransaction(MessageBroker broker, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<TransactionStep> _steps = [];
    private string? _entity;
    private int _sent;
    private long _deadlineTicks = long.MaxValue;
    private volatile bool _isOver;

    /// <summary>Whether it can still be committed at a moment.</summary>
    public bool IsOpenAt(DateTimeOffset moment) => !_isOver && moment.UtcTicks < Volatile.Read(ref _deadlineTicks);

    /// <summary>Sends messages at the commit.</summary>
    /// <param name="queue">Where to.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="via">The name of the entity through which they go; null: <paramref name="queue"/> itself.</param>
    public void Send(BrokerQueue queue, IReadOnlyList<SentMessage> messages, string? via = null)
    {
        lock (_gate)
        {
            Join(via ?? queue.Name);
            CheckCount(queue, messages);
            queue.Run(
                static (machine, _, messages) =>
                {
                    machine.CheckRoom(machine.CheckSend(messages));
                    return true;
                },
                messages);
            Add(new SendStep(queue, messages, Reserved: null));
        }
    }

    /// <summary>Schedules messages at the commit.</summary>
    /// <returns>The number of each, to cancel it by after the commit.</returns>
    /// <inheritdoc cref="Send" path="/param"/>
    public IReadOnlyList<long> Schedule(BrokerQueue queue, IReadOnlyList<SentMessage> messages, string? via = null)
    {
        lock (_gate)
        {
            Join(via ?? queue.Name);
            CheckCount(queue, messages);
            var numbers = queue.Run(
                static (machine, _, messages) =>
                {
                    machine.CheckRoom(machine.CheckSend(messages));
                    return machine.Reserve(messages);
                },
                messages);
            Add(new SendStep(queue, messages, numbers));
            return numbers;
        }
    }

    /// <summary>Cancels scheduled messages at the commit.</summary>
    /// <exception cref="ServiceBusException">There is no such message, or it is cancelled here already (MessageNotFound).</exception>
    public void CancelScheduled(BrokerQueue queue, IReadOnlyList<long> sequenceNumbers, string? via = null)
    {
        lock (_gate)
        {
            Join(via ?? queue.Name);
            var again = _steps.OfType<CancelStep>().Where(step => step.Queue == queue).SelectMany(step => step.SequenceNumbers)
                .Intersect(sequenceNumbers).ToList();
            if (again.Count > 0)
            {
                throw BrokerErrors.MessageNotFound(queue.Name, again[0], "scheduled");
            }
            queue.Run(
                static (machine, _, numbers) =>
                {
                    machine.CheckScheduled(numbers);
                    return true;
                },
                sequenceNumbers);
            Add(new CancelStep(queue, sequenceNumbers));
        }
    }

    /// <summary>Settles a message at the commit; until then it stays locked for this transaction.</summary>
    /// <inheritdoc cref="BrokerQueue.SettleAsync"/>
    public void Settle(BrokerQueue queue, ReceiveSource source, Guid lockToken, Settlement settlement)
    {
        lock (_gate)
        {
            Join(queue.Name);
            queue.Run(
                static (machine, now, a) =>
                {
                    machine.Enlist(a.source, a.lockToken, a.settlement, now, a.transaction);
                    return true;
                },
                (source, lockToken, settlement, transaction: this));
            Add(new SettleStep(queue, source, lockToken, settlement, this));
        }
    }

    /// <summary>Sets a session's state at the commit.</summary>
    public void SetSessionState(BrokerQueue queue, SessionLease lease, ReadOnlyMemory<byte>? state)
    {
        lock (_gate)
        {
            Join(queue.Name);
            queue.Run(
                static (machine, _, a) =>
                {
                    machine.CheckRoom(machine.CheckSessionState(a.lease, a.state));
                    return true;
                },
                (lease, state));
            Add(new SessionStateStep(queue, lease, state));
        }
    }

    /// <summary>Does everything, or nothing if any of it cannot be done any more. The transaction is over either way.</summary>
    /// <returns>Ends when it is on disk.</returns>
    /// <exception cref="ServiceBusException">Why nothing was done.</exception>
    public Task CommitAsync()
    {
        lock (_gate)
        {
            ThrowUnlessOpen();
            _isOver = true;
            return _steps.Count == 0 ? Task.CompletedTask : broker.Together(_steps.Select(step => step.Queue), Apply);
        }
    }

    /// <summary>Forgets everything. The transaction is over; nothing happens if it was already.</summary>
    public void Rollback()
    {
        lock (_gate)
        {
            _isOver = true;
            _steps.Clear();
        }
    }

    private void Apply(DateTimeOffset now)
    {
        foreach (var onQueue in _steps.GroupBy(step => step.Queue))
        {
            onQueue.Key.Machine.CheckRoom(onQueue.Sum(step => step.Check(now)));
        }
        _steps.ForEach(step => step.Apply(now));
    }

    /// <summary>Comes before anything is asked of a queue, so that the first operation starts the clock even if it is refused.</summary>
    private void Join(string entity)
    {
        ThrowUnlessOpen();
        var topLevel = QueuePath.TopLevelOf(entity);
        if (_entity is null)
        {
            _entity = topLevel;
            Volatile.Write(ref _deadlineTicks, (time.GetUtcNow() + BrokerLimits.TransactionTimeout).UtcTicks);
        }
        else if (!_entity.Equals(topLevel, StringComparison.OrdinalIgnoreCase))
        {
            throw BrokerErrors.TransactionSpansEntities(_entity, topLevel);
        }
    }

    private void CheckCount(BrokerQueue queue, IReadOnlyList<SentMessage> messages)
    {
        if (_sent + messages.Count > BrokerLimits.MaxTransactionMessages)
        {
            throw BrokerErrors.TransactionTooLarge(queue.Name);
        }
    }

    private void Add(TransactionStep step)
    {
        _steps.Add(step);
        _sent += (step as SendStep)?.Messages.Count ?? 0;
    }

    private void ThrowUnlessOpen()
    {
        if (!IsOpenAt(time.GetUtcNow()))
        {
            throw BrokerErrors.NoSuchTransaction();
        }
    }
}
