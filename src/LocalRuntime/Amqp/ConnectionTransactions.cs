using System.Buffers.Binary;
using Amqp.Framing;
using Amqp.Transactions;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>The open transactions of a connection, which end with it. Used under its gate.</summary>
internal sealed class ConnectionTransactions(MessageBroker broker)
{
    private readonly Dictionary<long, BrokerTransaction> _open = [];
    private long _declared;

    /// <returns>The transaction's id.</returns>
    public byte[] Declare()
    {
        if (_open.Count >= AmqpLimits.MaxTransactions)
        {
            throw new AmqpRefusal(
                AmqpConditions.ResourceLimitExceeded, $"A connection may have {AmqpLimits.MaxTransactions} open transactions: end some first.");
        }
        var id = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(id, ++_declared);
        _open.Add(_declared, broker.BeginTransaction());
        return id;
    }

    /// <summary>The transaction that a delivery or an outcome is part of; null if none.</summary>
    public BrokerTransaction? Of(DeliveryState? state) => state is TransactionalState transactional ? Find(transactional.TxnId) : null;

    /// <summary>Ends a transaction.</summary>
    /// <returns>Ends when all that it did is on disk.</returns>
    public Task EndAsync(byte[] id, bool isFailed)
    {
        var transaction = Find(id);
        _open.Remove(BinaryPrimitives.ReadInt64BigEndian(id));
        if (!isFailed)
        {
            return transaction.CommitAsync();
        }
        transaction.Rollback();
        return Task.CompletedTask;
    }

    /// <summary>Rolls back what is open.</summary>
    public void EndAll()
    {
        foreach (var transaction in _open.Values)
        {
            transaction.Rollback();
        }
        _open.Clear();
    }

    private BrokerTransaction Find(byte[]? id)
        => id is { Length: sizeof(long) } && _open.TryGetValue(BinaryPrimitives.ReadInt64BigEndian(id), out var transaction)
            ? transaction
            : throw new AmqpRefusal(AmqpConditions.TransactionUnknownId, "The transaction was not declared on this connection, or is over.");
}
