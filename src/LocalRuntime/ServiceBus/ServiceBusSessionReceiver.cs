using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>Receives the messages of one session, which it holds until it is closed or the session's lock runs out.</summary>
public class ServiceBusSessionReceiver : ServiceBusReceiver
{
    private readonly BrokerQueue _queue = null!;
    private readonly SessionLease _lease = null!;
    private long _lockedUntilTicks;

    protected ServiceBusSessionReceiver()
    {
    }

    internal ServiceBusSessionReceiver(
        ServiceBusClient client, BrokerQueue queue, SessionLease lease, ServiceBusSessionReceiverOptions? options)
        : base(client, new QueuePath(queue.Name, SubQueue.None), options?.ReceiveMode ?? default, options?.Identifier)
    {
        PrefetchCount = options?.PrefetchCount ?? 0;
        _queue = queue;
        _lease = lease;
        _lockedUntilTicks = lease.LockedUntil.UtcTicks;
    }

    public virtual string SessionId => _lease.SessionId;

    /// <summary>When the hold on the session ends unless renewed.</summary>
    public virtual DateTimeOffset SessionLockedUntil => new(Volatile.Read(ref _lockedUntilTicks), TimeSpan.Zero);

    public override bool IsClosed => base.IsClosed;

    private protected override ReceiveSource Source => new(SubQueue.None, _lease);

    /// <summary>The session's state; null if none is set.</summary>
    /// <exception cref="ServiceBusException">The session is lost (SessionLockLost).</exception>
    public virtual async Task<BinaryData?> GetSessionStateAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var state = await Open().GetSessionStateAsync(_lease).ConfigureAwait(false);
        return state is { } bytes ? BinaryData.FromBytes(bytes) : null;
    }

    /// <summary>Sets the session's state, which outlives the hold and the messages; null clears it.</summary>
    /// <exception cref="ServiceBusException">
    /// The session is lost (SessionLockLost), or the state is too large (MessageSizeExceeded).
    /// </exception>
    public virtual async Task SetSessionStateAsync(BinaryData? sessionState, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A null array would convert to empty memory, and an empty state is a state.
        ReadOnlyMemory<byte>? state = sessionState is null ? default(ReadOnlyMemory<byte>?) : sessionState.ToArray();
        var queue = Open();
        if (Transaction is { } transaction)
        {
            transaction.SetSessionState(queue, _lease, state);
        }
        else
        {
            await queue.SetSessionStateAsync(_lease, state).ConfigureAwait(false);
        }
    }

    /// <summary>Renews the hold for the queue's lock duration from now; it covers all messages received from the session.</summary>
    /// <exception cref="ServiceBusException">The session is lost (SessionLockLost).</exception>
    public virtual async Task RenewSessionLockAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var lockedUntil = await Open().RenewSessionLockAsync(_lease).ConfigureAwait(false);
        Volatile.Write(ref _lockedUntilTicks, lockedUntil.UtcTicks);
    }

    /// <summary>Lets go of the session at once: unsettled messages are available again, and another receiver can take it.</summary>
    private protected override void Close()
    {
        base.Close();
        _queue.ReleaseSession(_lease);
    }
}
