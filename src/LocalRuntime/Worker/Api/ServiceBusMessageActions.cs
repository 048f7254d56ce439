using Azure.Messaging.ServiceBus;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Settles the messages of one invocation. What a function leaves unsettled, the trigger settles by its own rules.</summary>
public class ServiceBusMessageActions
{
    private readonly ServiceBusReceiver _receiver;
    private readonly HashSet<Guid> _settled = [];

    internal ServiceBusMessageActions(ServiceBusReceiver receiver) => _receiver = receiver;

    /// <summary>For mocks, which override the methods.</summary>
    protected ServiceBusMessageActions() => _receiver = null!;

    public virtual async Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        await _receiver.CompleteMessageAsync(message, cancellationToken);
        MarkSettled(message);
    }

    public virtual async Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default)
    {
        await _receiver.AbandonMessageAsync(message, propertiesToModify, cancellationToken);
        MarkSettled(message);
    }

    public virtual async Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default)
    {
        await _receiver.DeadLetterMessageAsync(
            message, propertiesToModify, deadLetterReason, deadLetterErrorDescription, cancellationToken);
        MarkSettled(message);
    }

    public virtual async Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default)
    {
        await _receiver.DeferMessageAsync(message, propertiesToModify, cancellationToken);
        MarkSettled(message);
    }

    public virtual Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
        => _receiver.RenewMessageLockAsync(message, cancellationToken);

    internal bool IsSettled(ServiceBusReceivedMessage message)
    {
        lock (_settled)
        {
            return _settled.Contains(message.Delivery.LockToken);
        }
    }

    private void MarkSettled(ServiceBusReceivedMessage message)
    {
        lock (_settled)
        {
            _settled.Add(message.Delivery.LockToken);
        }
    }
}
