using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>Sends messages to one queue or topic. Safe for concurrent use.</summary>
public class ServiceBusSender : IAsyncDisposable
{
    private readonly ServiceBusClient _client = null!;
    private BrokerQueue? _queue;

    protected ServiceBusSender()
    {
        EntityPath = "";
        Identifier = "";
    }

    protected ServiceBusSender(ServiceBusClient client, string queueOrTopicName)
        : this(client, queueOrTopicName, new ServiceBusSenderOptions())
    {
    }

    protected ServiceBusSender(ServiceBusClient client, string queueOrTopicName, ServiceBusSenderOptions? options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrWhiteSpace(queueOrTopicName);
        ObjectDisposedException.ThrowIf(client.IsClosed, client);
        _client = client;
        EntityPath = queueOrTopicName;
        Identifier = options?.Identifier ?? ServiceBusClient.NextIdentifier(queueOrTopicName);
    }

    public virtual string FullyQualifiedNamespace => _client.FullyQualifiedNamespace;

    public virtual string EntityPath { get; }

    public virtual bool IsClosed { get; private set; }

    public virtual string Identifier { get; }

    /// <summary>Enqueues a message.</summary>
    /// <exception cref="ServiceBusException">
    /// It is over the size limit (MessageSizeExceeded), or the queue is full (QuotaExceeded).
    /// </exception>
    /// <exception cref="InvalidOperationException">The queue requires sessions and the message has no session id.</exception>
    public virtual async Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        await SendAsync([message.ToContent()], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enqueues messages: all or none.</summary>
    /// <inheritdoc cref="SendMessageAsync" path="/exception"/>
    public virtual async Task SendMessagesAsync(IEnumerable<ServiceBusMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        await SendAsync([.. messages.Select(message => message.ToContent())], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="SendMessagesAsync(IEnumerable{ServiceBusMessage}, CancellationToken)"/>
    public virtual async Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messageBatch);
        await SendAsync(messageBatch.Messages, cancellationToken).ConfigureAwait(false);
    }

    public virtual ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default)
        => CreateMessageBatchAsync(new CreateMessageBatchOptions(), cancellationToken);

    /// <summary>An empty batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The options ask for more than a message of the queue may have.</exception>
    public virtual ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(
        CreateMessageBatchOptions? options, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Open();
        var size = options?.MaxSizeInBytes ?? BrokerLimits.MaxMessageBytes;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, BrokerLimits.MaxMessageBytes, nameof(options));
        return ValueTask.FromResult(new ServiceBusMessageBatch(size));
    }

    /// <summary>Enqueues a message later.</summary>
    /// <returns>A number to cancel it by; when it appears in the queue it gets another one.</returns>
    public virtual async Task<long> ScheduleMessageAsync(
        ServiceBusMessage message, DateTimeOffset scheduledEnqueueTime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var numbers = await ScheduleMessagesAsync([message], scheduledEnqueueTime, cancellationToken).ConfigureAwait(false);
        return numbers[0];
    }

    /// <summary>Enqueues messages later: all or none.</summary>
    /// <returns>A number to cancel by for each message, in their order.</returns>
    public virtual async Task<IReadOnlyList<long>> ScheduleMessagesAsync(
        IEnumerable<ServiceBusMessage> messages, DateTimeOffset scheduledEnqueueTime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellationToken.ThrowIfCancellationRequested();
        SentMessage[] contents = [.. messages.Select(message => message.ToContent() with { ScheduledEnqueueTime = scheduledEnqueueTime })];
        var queue = Open();
        return AmbientTransaction.Of(_client) is { } transaction
            ? transaction.Schedule(queue, contents, _client.Via)
            : await queue.SendAsync(contents).ConfigureAwait(false);
    }

    /// <exception cref="ServiceBusException">No message is scheduled under the number (MessageNotFound).</exception>
    public virtual Task CancelScheduledMessageAsync(long sequenceNumber, CancellationToken cancellationToken = default)
        => CancelScheduledMessagesAsync([sequenceNumber], cancellationToken);

    /// <summary>Cancels scheduled messages: all or none.</summary>
    /// <exception cref="ServiceBusException">No message is scheduled under one of the numbers (MessageNotFound).</exception>
    public virtual async Task CancelScheduledMessagesAsync(IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequenceNumbers);
        cancellationToken.ThrowIfCancellationRequested();
        var queue = Open();
        if (AmbientTransaction.Of(_client) is { } transaction)
        {
            transaction.CancelScheduled(queue, [.. sequenceNumbers], _client.Via);
        }
        else
        {
            await queue.CancelScheduledAsync([.. sequenceNumbers]).ConfigureAwait(false);
        }
    }

    public virtual Task CloseAsync(CancellationToken cancellationToken = default)
    {
        IsClosed = true;
        return Task.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private async ValueTask SendAsync(IReadOnlyList<SentMessage> messages, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var queue = Open();
        if (messages.Count == 0)
        {
            return;
        }
        if (AmbientTransaction.Of(_client) is { } transaction)
        {
            transaction.Send(queue, messages, _client.Via);
        }
        else
        {
            await queue.SendAsync(messages).ConfigureAwait(false);
        }
    }

    private BrokerQueue Open()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ObjectDisposedException.ThrowIf(_client.IsClosed, _client);
        if (_queue is null)
        {
            var path = QueuePath.Parse(EntityPath);
            _queue = path.IsDeadLetter
                ? throw new InvalidOperationException($"'{path}' is a dead-letter queue: messages cannot be sent to it.")
                : _client.Connect(path);
        }
        return _queue;
    }
}
