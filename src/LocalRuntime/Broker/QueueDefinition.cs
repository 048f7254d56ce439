namespace ModelJobs.LocalRuntime.Broker;

/// <summary>A queue's properties; the defaults are the service's.</summary>
internal sealed record QueueDefinition
{
    public required string Name { get; init; }

    /// <summary>How long a received message, or a session, is held unless renewed.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After so many failed deliveries a message is dead-lettered.</summary>
    public int MaxDeliveryCount { get; init; } = 10;

    public bool RequiresSession { get; init; }

    public bool RequiresDuplicateDetection { get; init; }

    /// <summary>How long a message's id is remembered.</summary>
    public TimeSpan DuplicateDetectionHistoryTimeWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bounds the time to live of every message.</summary>
    public TimeSpan DefaultMessageTimeToLive { get; init; } = TimeSpan.MaxValue;

    /// <summary>Whether expired messages are dead-lettered; else they are dropped.</summary>
    public bool DeadLetteringOnMessageExpiration { get; init; }

    /// <summary>Bytes of all messages, dead letters included; a send that goes over it is refused.</summary>
    public long MaxSizeInBytes { get; init; } = BrokerLimits.MaxQueueBytes;
}
