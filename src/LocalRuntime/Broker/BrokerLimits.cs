namespace ModelJobs.LocalRuntime.Broker;

/// <summary>The limits of Service Bus, Standard tier, that the broker enforces.</summary>
internal static class BrokerLimits
{
    /// <summary>Bytes of one message with its headers, and of one batch.</summary>
    public const int MaxMessageBytes = 256 * 1024;

    /// <summary>Bytes of one message's headers: everything but its body.</summary>
    public const int MaxHeaderBytes = 64 * 1024;

    /// <summary>Characters of a message id, a session id and a partition key.</summary>
    public const int MaxIdLength = 128;

    /// <summary>Characters of a queue's name.</summary>
    public const int MaxQueueNameLength = 260;

    /// <summary>Bytes of a session's state.</summary>
    public const int MaxSessionStateBytes = 256 * 1024;

    /// <summary>Characters of a dead-letter reason, and of a dead-letter description.</summary>
    public const int MaxDeadLetterTextLength = 4096;

    /// <summary>Bytes of all messages of one queue, its dead letters included, and of its sessions' states.</summary>
    public const long MaxQueueBytes = 1L << 30;

    /// <summary>Messages that one peek returns at most.</summary>
    public const int MaxPeekedMessages = 250;

    /// <summary>Messages that one transaction may send.</summary>
    public const int MaxTransactionMessages = 100;

    /// <summary>Queues that may forward a message one after another.</summary>
    public const int MaxTransferHops = 4;

    /// <summary>Subscriptions of a topic.</summary>
    public const int MaxSubscriptions = 2000;

    /// <summary>Characters of a subscription's name.</summary>
    public const int MaxSubscriptionNameLength = 50;

    /// <summary>How long a transaction may last from its first operation on.</summary>
    public static readonly TimeSpan TransactionTimeout = TimeSpan.FromMinutes(2);

    public static readonly TimeSpan MinLockDuration = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan MaxLockDuration = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan MinDuplicateDetectionWindow = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan MaxDuplicateDetectionWindow = TimeSpan.FromDays(7);
    public static readonly TimeSpan MinTimeToLive = TimeSpan.FromSeconds(1);
    public const int MaxMaxDeliveryCount = 2000;
}
