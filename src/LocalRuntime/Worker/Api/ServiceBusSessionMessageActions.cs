using Azure.Messaging.ServiceBus;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>The session that the message of an invocation belongs to.</summary>
public class ServiceBusSessionMessageActions
{
    private readonly ServiceBusSessionReceiver _receiver;

    internal ServiceBusSessionMessageActions(ServiceBusSessionReceiver receiver)
    {
        _receiver = receiver;
        SessionLockedUntil = receiver.SessionLockedUntil;
    }

    /// <summary>For mocks, which override the members.</summary>
    protected ServiceBusSessionMessageActions() => _receiver = null!;

    public virtual DateTimeOffset SessionLockedUntil { get; protected set; }

    /// <summary>The trigger gives the session back after this invocation, though it may have more messages.</summary>
    internal bool IsReleaseRequested { get; private set; }

    /// <returns>Empty if the session has no state: the real worker cannot tell the two apart.</returns>
    public virtual async Task<BinaryData> GetSessionStateAsync(CancellationToken cancellationToken = default)
        => await _receiver.GetSessionStateAsync(cancellationToken) ?? new BinaryData(ReadOnlyMemory<byte>.Empty);

    public virtual Task SetSessionStateAsync(BinaryData sessionState, CancellationToken cancellationToken = default)
        => _receiver.SetSessionStateAsync(sessionState, cancellationToken);

    public virtual Task ReleaseSession(CancellationToken cancellationToken = default)
    {
        IsReleaseRequested = true;
        return Task.CompletedTask;
    }

    public virtual async Task RenewSessionLockAsync(CancellationToken cancellationToken = default)
    {
        await _receiver.RenewSessionLockAsync(cancellationToken);
        SessionLockedUntil = _receiver.SessionLockedUntil;
    }
}
