using System.Collections.Concurrent;
using System.Transactions;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>
/// A transaction of the broker that ends as the caller's <see cref="TransactionScope"/> does. It is begun by the first operation of a client
/// inside the scope, and the scope can hold no other resource than it.
/// </summary>
internal sealed class AmbientTransaction : IPromotableSinglePhaseNotification
{
    // A transaction has no place for its resources to be found again; it is taken out when it ends.
    private static readonly ConcurrentDictionary<string, AmbientTransaction> Open = new(StringComparer.Ordinal);

    private readonly string _id;
    private readonly ServiceBusClient _client;
    private readonly BrokerTransaction _transaction;

    private AmbientTransaction(string id, ServiceBusClient client)
    {
        _id = id;
        _client = client;
        _transaction = client.Broker().BeginTransaction();
    }

    /// <summary>The transaction that the caller's operations with a client belong to; null if there is none.</summary>
    /// <exception cref="InvalidOperationException">The scope is not serializable, or has another resource.</exception>
    /// <exception cref="ServiceBusException">The scope belongs to another client.</exception>
    public static BrokerTransaction? Of(ServiceBusClient client)
        => Transaction.Current is { } current && client.JoinsTransactions ? Join(current, client) : null;

    void IPromotableSinglePhaseNotification.Initialize()
    {
    }

    void IPromotableSinglePhaseNotification.SinglePhaseCommit(SinglePhaseEnlistment singlePhaseEnlistment)
    {
        Open.TryRemove(_id, out _);
        _ = CommitAsync(singlePhaseEnlistment);
    }

    void IPromotableSinglePhaseNotification.Rollback(SinglePhaseEnlistment singlePhaseEnlistment)
    {
        Open.TryRemove(_id, out _);
        _transaction.Rollback();
        singlePhaseEnlistment.Aborted();
    }

    byte[] ITransactionPromoter.Promote() => throw new TransactionPromotionException(NotAlone);

    private const string NotAlone = "Local transactions are not supported with other resource managers/DTC.";

    private static BrokerTransaction Join(Transaction current, ServiceBusClient client)
    {
        if (current.IsolationLevel != IsolationLevel.Serializable)
        {
            throw new InvalidOperationException(
                $"The only supported IsolationLevel is {nameof(IsolationLevel.Serializable)}; the transaction's is {current.IsolationLevel}.");
        }
        var id = current.TransactionInformation.LocalIdentifier;
        lock (Open)
        {
            if (!Open.TryGetValue(id, out var joined))
            {
                joined = new AmbientTransaction(id, client);
                if (!current.EnlistPromotableSinglePhase(joined))
                {
                    throw new InvalidOperationException(NotAlone);
                }
                Open[id] = joined;
            }
            // The service knows a transaction by the connection that declared it.
            return joined._client == client ? joined._transaction : throw BrokerErrors.NoSuchTransaction();
        }
    }

    private async Task CommitAsync(SinglePhaseEnlistment enlistment)
    {
        try
        {
            await _transaction.CommitAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // As the service's client does, although it is certain here that nothing was done.
            enlistment.InDoubt(exception);
            return;
        }
        enlistment.Committed();
    }
}
