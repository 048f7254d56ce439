using System.Runtime.CompilerServices;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>Receives and settles messages of one queue, subscription or sub-queue. Safe for concurrent use.</summary>
public class ServiceBusReceiver : IAsyncDisposable
{
    private readonly ServiceBusClient _client = null!;
    private readonly QueuePath _path;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenRegistration _withClient;
    private BrokerQueue? _queue;
    private long _lastPeeked;

    protected ServiceBusReceiver()
    {
        EntityPath = "";
        Identifier = "";
    }

    protected ServiceBusReceiver(ServiceBusClient client, string queueName, ServiceBusReceiverOptions? options)
        : this(client, PathOf(queueName, options?.SubQueue ?? SubQueue.None), options?.ReceiveMode ?? default, options?.Identifier)
    {
        PrefetchCount = options?.PrefetchCount ?? 0;
    }

    protected ServiceBusReceiver(
        ServiceBusClient client, string topicName, string subscriptionName, ServiceBusReceiverOptions? options)
        : this(client, QueuePath.OfSubscription(topicName, subscriptionName), options)
    {
    }

    private protected ServiceBusReceiver(ServiceBusClient client, QueuePath path, ServiceBusReceiveMode receiveMode, string? identifier)
    {
        ArgumentNullException.ThrowIfNull(client);
        ObjectDisposedException.ThrowIf(client.IsClosed, client);
        _client = client;
        _path = path;
        EntityPath = path.ToString();
        ReceiveMode = receiveMode;
        Identifier = identifier ?? ServiceBusClient.NextIdentifier(EntityPath);
        _withClient = client.Closing.UnsafeRegister(static receiver => ((ServiceBusReceiver)receiver!).Close(), this);
    }

    public virtual string FullyQualifiedNamespace => _client.FullyQualifiedNamespace;

    public virtual string EntityPath { get; }

    public virtual ServiceBusReceiveMode ReceiveMode { get; }

    public virtual int PrefetchCount { get; private protected init; }

    public virtual string Identifier { get; }

    public virtual bool IsClosed => _closing.IsCancellationRequested;

    /// <summary>The transaction that the caller is in, if the receiver takes part in it.</summary>
    private protected BrokerTransaction? Transaction => AmbientTransaction.Of(_client);

    /// <summary>Where messages come from: the queue, its dead-letter queue, or one session.</summary>
    private protected virtual ReceiveSource Source => new(_path.Part, Session: null);

    /// <summary>Receives up to <paramref name="maxMessages"/> messages: those that are there, as soon as there is one.</summary>
    /// <param name="maxMessages">At least 1.</param>
    /// <param name="maxWaitTime">How long to wait for the first message; null: the client's try timeout.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The messages; empty if none came in time.</returns>
    public virtual async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveMessagesAsync(
        int maxMessages, TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMessages, 1);
        if (maxWaitTime is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(given, TimeSpan.Zero, nameof(maxWaitTime));
            // As in Azure, where a wait of zero looks only at what was prefetched.
            ArgumentOutOfRangeException.ThrowIfEqual(given == TimeSpan.Zero && PrefetchCount == 0, true, nameof(maxWaitTime));
        }
        cancellationToken.ThrowIfCancellationRequested();
        var queue = Open();
        var deliveries = await ClosableWait.RunAsync(
            static (wait, stop) => wait.queue.ReceiveAsync(wait.request, wait.maxWait, stop),
            (queue, request: new ReceiveRequest(Source, ReceiveMode, maxMessages), maxWait: maxWaitTime ?? _client.TryTimeout),
            _closing.Token,
            cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(deliveries, delivery => new ServiceBusReceivedMessage(delivery));
    }

    /// <summary>Receives one message; null if none came in time.</summary>
    public virtual async Task<ServiceBusReceivedMessage?> ReceiveMessageAsync(
        TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default)
    {
        var messages = await ReceiveMessagesAsync(1, maxWaitTime, cancellationToken).ConfigureAwait(false);
        return messages.Count > 0 ? messages[0] : null;
    }

    /// <summary>Receives messages one after another until cancelled.</summary>
    public virtual async IAsyncEnumerable<ServiceBusReceivedMessage> ReceiveMessagesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (await ReceiveMessageAsync(cancellationToken: cancellationToken).ConfigureAwait(false) is { } message)
            {
                yield return message;
            }
        }
    }

    /// <summary>Looks at the next message without receiving it, whatever its state; null after the last.</summary>
    public virtual async Task<ServiceBusReceivedMessage?> PeekMessageAsync(
        long? fromSequenceNumber = null, CancellationToken cancellationToken = default)
    {
        var messages = await PeekMessagesAsync(1, fromSequenceNumber, cancellationToken).ConfigureAwait(false);
        return messages.Count > 0 ? messages[0] : null;
    }

    /// <summary>Looks at messages without receiving them, in the order of their numbers.</summary>
    /// <param name="maxMessages">At least 1; a call returns at most 250.</param>
    /// <param name="fromSequenceNumber">Where to begin; null: after the last message that this receiver peeked.</param>
    /// <param name="cancellationToken">Not needed: a peek does not wait.</param>
    public virtual async Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekMessagesAsync(
        int maxMessages, long? fromSequenceNumber = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxMessages, 1);
        cancellationToken.ThrowIfCancellationRequested();
        var deliveries = await Open().PeekAsync(Source, fromSequenceNumber ?? _lastPeeked + 1, maxMessages).ConfigureAwait(false);
        if (deliveries.Length > 0)
        {
            _lastPeeked = deliveries[^1].SequenceNumber;
        }
        return Array.ConvertAll(deliveries, delivery => new ServiceBusReceivedMessage(delivery));
    }

    /// <summary>Removes a received message from the queue.</summary>
    /// <exception cref="ServiceBusException">Its lock is lost (MessageLockLost), or the session's is (SessionLockLost).</exception>
    /// <exception cref="InvalidOperationException">The receiver deletes what it receives.</exception>
    public virtual Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
        => SettleAsync(message, Settlement.Complete, cancellationToken);

    /// <summary>Gives a received message back, to its place in the queue.</summary>
    /// <inheritdoc cref="CompleteMessageAsync" path="/exception"/>
    public virtual Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default)
        => SettleAsync(message, Settlement.Abandon(ApplicationPropertyTypes.Copy(propertiesToModify)), cancellationToken);

    /// <summary>Sets a received message aside: it is only received by its sequence number from now on.</summary>
    /// <inheritdoc cref="CompleteMessageAsync" path="/exception"/>
    public virtual Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default)
        => SettleAsync(message, Settlement.Defer(ApplicationPropertyTypes.Copy(propertiesToModify)), cancellationToken);

    /// <summary>Moves a received message to the dead-letter queue.</summary>
    /// <inheritdoc cref="CompleteMessageAsync" path="/exception"/>
    public virtual Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        string? deadLetterReason,
        string? deadLetterErrorDescription = null,
        CancellationToken cancellationToken = default)
        => DeadLetterMessageAsync(message, null, deadLetterReason, deadLetterErrorDescription, cancellationToken);

    /// <inheritdoc cref="DeadLetterMessageAsync(ServiceBusReceivedMessage, string, string, CancellationToken)"/>
    public virtual Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default)
        => DeadLetterMessageAsync(message, propertiesToModify, null, null, cancellationToken);

    /// <inheritdoc cref="DeadLetterMessageAsync(ServiceBusReceivedMessage, string, string, CancellationToken)"/>
    public virtual Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        string? deadLetterReason,
        string? deadLetterErrorDescription = null,
        CancellationToken cancellationToken = default)
        => SettleAsync(
            message,
            Settlement.DeadLetter(ApplicationPropertyTypes.Copy(propertiesToModify), deadLetterReason, deadLetterErrorDescription),
            cancellationToken);

    /// <summary>Renews a received message's lock for the queue's lock duration from now.</summary>
    /// <exception cref="ServiceBusException">The lock is lost (MessageLockLost).</exception>
    /// <exception cref="InvalidOperationException">
    /// The message is of a session, whose lock covers it, or was deleted on receipt.
    /// </exception>
    public virtual async Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowUnlessPeekLock();
        var source = Source;
        if (source.Session is not null)
        {
            throw new InvalidOperationException("A message of a session has no lock of its own: use RenewSessionLockAsync.");
        }
        cancellationToken.ThrowIfCancellationRequested();
        message.LockedUntil = await Open().RenewLockAsync(source, message.Delivery.LockToken).ConfigureAwait(false);
    }

    /// <summary>Receives a deferred message.</summary>
    /// <exception cref="ServiceBusException">No message is deferred under the number (MessageNotFound).</exception>
    public virtual async Task<ServiceBusReceivedMessage> ReceiveDeferredMessageAsync(
        long sequenceNumber, CancellationToken cancellationToken = default)
    {
        var messages = await ReceiveDeferredMessagesAsync([sequenceNumber], cancellationToken).ConfigureAwait(false);
        return messages[0];
    }

    /// <summary>Receives deferred messages: all or none.</summary>
    /// <exception cref="ServiceBusException">No message is deferred under one of the numbers (MessageNotFound).</exception>
    public virtual async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveDeferredMessagesAsync(
        IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequenceNumbers);
        cancellationToken.ThrowIfCancellationRequested();
        var deliveries = await Open().ReceiveDeferredAsync(Source, ReceiveMode, [.. sequenceNumbers]).ConfigureAwait(false);
        return Array.ConvertAll(deliveries, delivery => new ServiceBusReceivedMessage(delivery));
    }

    /// <summary>Ends waiting receives. Locks of received messages stay until settled elsewhere or expired.</summary>
    public virtual Task CloseAsync(CancellationToken cancellationToken = default)
    {
        Close();
        return Task.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends waiting receives; nothing more can be done with the receiver.</summary>
    private protected virtual void Close()
    {
        _withClient.Dispose();
        _closing.Cancel();
    }

    /// <summary>The queue, found on first use.</summary>
    private protected BrokerQueue Open()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ObjectDisposedException.ThrowIf(_client.IsClosed, _client);
        return _queue ??= _client.ConnectReceiver(_path);
    }

    private async Task SettleAsync(ServiceBusReceivedMessage message, Settlement settlement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ThrowUnlessPeekLock();
        cancellationToken.ThrowIfCancellationRequested();
        var queue = Open();
        if (Transaction is { } transaction)
        {
            transaction.Settle(queue, Source, message.Delivery.LockToken, settlement);
        }
        else
        {
            await queue.SettleAsync(Source, message.Delivery.LockToken, settlement).ConfigureAwait(false);
        }
    }

    private void ThrowUnlessPeekLock()
    {
        if (ReceiveMode != ServiceBusReceiveMode.PeekLock)
        {
            throw new InvalidOperationException("Only messages received in PeekLock mode have a lock to settle or renew.");
        }
    }

    private static QueuePath PathOf(string queueName, SubQueue subQueue)
    {
        var path = QueuePath.Parse(queueName);
        return subQueue switch
        {
            SubQueue.None => path,
            SubQueue.DeadLetter or SubQueue.TransferDeadLetter => path with { Part = subQueue },
            _ => throw new ArgumentOutOfRangeException(nameof(subQueue), subQueue, "There is no such sub-queue."),
        };
    }
}
