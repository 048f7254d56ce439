namespace Azure.Messaging.ServiceBus;

/// <summary>Settings of a <see cref="ServiceBusClient"/>.</summary>
public class ServiceBusClientOptions
{
    public ServiceBusTransportType TransportType { get; set; } = ServiceBusTransportType.AmqpTcp;

    public string? Identifier { get; set; }

    public ServiceBusRetryOptions RetryOptions { get; set; } = new();

    /// <summary>
    /// Whether a transaction may send to other entities than the one that it settles on. The first entity that the client uses is that one:
    /// it receives from no other then.
    /// </summary>
    public bool EnableCrossEntityTransactions { get; set; }

    /// <summary>Whether operations stay out of the caller's transaction, as those that the host does for a function do.</summary>
    internal bool StaysOutOfTransactions { get; init; }
}

/// <summary>Settings of a <see cref="ServiceBusSender"/>.</summary>
public class ServiceBusSenderOptions
{
    public string? Identifier { get; set; }
}

/// <summary>Settings of a <see cref="ServiceBusReceiver"/>.</summary>
public class ServiceBusReceiverOptions
{
    private int _prefetchCount;

    public ServiceBusReceiveMode ReceiveMode { get; set; } = ServiceBusReceiveMode.PeekLock;

    public SubQueue SubQueue { get; set; } = SubQueue.None;

    public string? Identifier { get; set; }

    /// <summary>Accepted and ignored: in one process a prefetched message would only lose time of its lock.</summary>
    public int PrefetchCount
    {
        get => _prefetchCount;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _prefetchCount = value;
        }
    }
}

/// <summary>Settings of a <see cref="ServiceBusSessionReceiver"/>.</summary>
public class ServiceBusSessionReceiverOptions
{
    private int _prefetchCount;

    public ServiceBusReceiveMode ReceiveMode { get; set; } = ServiceBusReceiveMode.PeekLock;

    public string? Identifier { get; set; }

    /// <inheritdoc cref="ServiceBusReceiverOptions.PrefetchCount"/>
    public int PrefetchCount
    {
        get => _prefetchCount;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _prefetchCount = value;
        }
    }
}

/// <summary>Settings of a <see cref="ServiceBusMessageBatch"/>.</summary>
public class CreateMessageBatchOptions
{
    private long? _maxSizeInBytes;

    /// <summary>The most bytes that the batch may hold; null: what a message of the queue may have.</summary>
    public long? MaxSizeInBytes
    {
        get => _maxSizeInBytes;
        set
        {
            if (value is { } size)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(size, MinimumSizeInBytes);
            }
            _maxSizeInBytes = value;
        }
    }

    /// <summary>Below this not even an empty message fits.</summary>
    internal const long MinimumSizeInBytes = 24;
}
