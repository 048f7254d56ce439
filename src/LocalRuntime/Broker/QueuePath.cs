using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// An entity path: a queue, a topic, a subscription as <c>{topic}/Subscriptions/{name}</c>, or a sub-queue of one of them as
/// <c>{entity}/$DeadLetterQueue</c> or <c>{entity}/$Transfer/$DeadLetterQueue</c>.
/// </summary>
/// <param name="Queue">Name of the entity; its case does not matter.</param>
/// <param name="Part">The entity itself or one of its sub-queues.</param>
internal readonly record struct QueuePath(string Queue, SubQueue Part)
{
    private const string DeadLetterSuffix = "/$DeadLetterQueue";
    private const string TransferSuffix = "/$Transfer" + DeadLetterSuffix;
    private const string SubscriptionSegment = "/Subscriptions/";

    /// <summary>Whether the path names a sub-queue, which has no sessions and to which nothing can be sent.</summary>
    public bool IsDeadLetter => Part != SubQueue.None;

    public static QueuePath Parse(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var trimmed = path.Trim('/');
        foreach (var (suffix, part) in new[] { (TransferSuffix, SubQueue.TransferDeadLetter), (DeadLetterSuffix, SubQueue.DeadLetter) })
        {
            if (trimmed.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                return new QueuePath(trimmed[..^suffix.Length], part);
            }
        }
        return new QueuePath(trimmed, SubQueue.None);
    }

    /// <summary>The path of a subscription.</summary>
    public static string OfSubscription(string topic, string subscription) => topic.Trim('/') + SubscriptionSegment + subscription.Trim('/');

    /// <summary>The queue or topic that an entity is part of: of a subscription its topic, else the entity itself.</summary>
    public static string TopLevelOf(string entity)
    {
        var at = entity.IndexOf(SubscriptionSegment, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? entity : entity[..at];
    }

    public override string ToString() => Part switch
    {
        SubQueue.DeadLetter => Queue + DeadLetterSuffix,
        SubQueue.TransferDeadLetter => Queue + TransferSuffix,
        _ => Queue,
    };
}
