using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <content>The queues that there are.</content>
internal sealed partial class BrokerWorld
{
    private static ModelSettings[] Queues(string prefix) =>
    [
        new(prefix + "plain") { DuplicateWindow = TimeSpan.FromMinutes(2), DeadLettersExpired = true },
        new(prefix + "sessions")
        {
            Sessions = true,
            DuplicateWindow = TimeSpan.FromMinutes(1),
            DeadLettersExpired = true,
            MaxBytes = 4000,
            ForwardDeadLettersTo = prefix + "dead",
        },
        new(prefix + "dead") { DuplicateWindow = TimeSpan.FromMinutes(3) },
        new(prefix + "in") { ForwardTo = prefix + "mid" },
        new(prefix + "mid") { MaxBytes = 1000, LockDuration = TimeSpan.FromMinutes(2) },
        new(prefix + "topic") { IsTopic = true, DuplicateWindow = TimeSpan.FromMinutes(1) },
        new(prefix + "topic/Subscriptions/all") { Topic = prefix + "topic", DeadLettersExpired = true },
        new(prefix + "topic/Subscriptions/some") { Topic = prefix + "topic", SubjectFilter = "a" },
    ];

    private static QueueDefinition Definition(ModelSettings settings) => new()
    {
        Name = settings.Name,
        Kind = settings.IsTopic ? EntityKind.Topic : settings.Topic is null ? EntityKind.Queue : EntityKind.Subscription,
        RequiresSession = settings.Sessions,
        RequiresDuplicateDetection = settings.DuplicateWindow is not null,
        DuplicateDetectionHistoryTimeWindow = settings.DuplicateWindow ?? TimeSpan.FromMinutes(10),
        MaxDeliveryCount = settings.MaxDeliveryCount,
        LockDuration = settings.LockDuration,
        DefaultMessageTimeToLive = settings.TimeToLive,
        DeadLetteringOnMessageExpiration = settings.DeadLettersExpired,
        MaxSizeInBytes = settings.MaxBytes,
        ForwardTo = settings.ForwardTo,
        ForwardDeadLetteredMessagesTo = settings.ForwardDeadLettersTo,
        Rules = settings.SubjectFilter is { } subject ? [new SubscriptionRule("subject", new CorrelationFilter { Subject = subject })] : SubscriptionRule.All,
    };
}
