using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// A queue's properties; the defaults are the service's. A topic is a queue that hands every message on to its subscriptions, and a
/// subscription is a queue that takes messages from its topic alone.
/// </summary>
internal sealed record QueueDefinition
{
    /// <summary>Its path; of a subscription <c>{topic}/Subscriptions/{name}</c>.</summary>
    public required string Name { get; init; }

    public EntityKind Kind { get; init; }

    /// <summary>The queue or topic to which all messages are forwarded; null: none.</summary>
    public string? ForwardTo { get; init; }

    /// <summary>The queue or topic to which dead letters are forwarded; null: none.</summary>
    public string? ForwardDeadLetteredMessagesTo { get; init; }

    /// <summary>Which of its topic's messages a subscription takes: those that any of these matches.</summary>
    public IReadOnlyList<SubscriptionRule> Rules { get; init; } = SubscriptionRule.All;

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

    /// <summary>Whether messages of a part go elsewhere at once, so that no one receives them here.</summary>
    public bool HandsOn(SubQueue part) => part switch
    {
        SubQueue.None => ForwardTo is not null || Kind == EntityKind.Topic,
        SubQueue.DeadLetter => ForwardDeadLetteredMessagesTo is not null,
        _ => false,
    };
}

/// <summary>What an entity is.</summary>
internal enum EntityKind
{
    Queue,
    Topic,
    Subscription,
}
