using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Moves messages to the queues to which they are forwarded, and those of topics to their subscriptions. A message is first stored where
/// it was sent, then moved, in one step over both queues: a crash leaves it here or there. Whoever brings a message to a queue that hands
/// messages on moves it on before going on, so that nothing waits and no thread runs for it. Safe for concurrent use.
/// </summary>
internal sealed class Forwarder
{
    /// <summary>Messages that are moved under one lock.</summary>
    private const int MaxAtOnce = 64;

    private readonly Dictionary<BrokerQueue, Route> _routes = [];
    private readonly IBrokerJournal? _journal;

    /// <param name="queues">The queues of a namespace; those that forward do so from now on.</param>
    /// <param name="journal">The namespace's; null: it lives in memory only.</param>
    public Forwarder(IReadOnlyCollection<BrokerQueue> queues, IBrokerJournal? journal)
    {
        _journal = journal;
        foreach (var source in queues)
        {
            var route = Route.Of(source, queues);
            if (route.Targets.Count > 0 || source.Definition.Kind == EntityKind.Topic)
            {
                _routes.Add(source, route);
            }
        }
        foreach (var source in _routes.Keys)
        {
            source.ForwardBy(this);
            // What a crash left behind.
            Forward(source);
        }
    }

    /// <summary>Moves everything that a queue has for others, and that they have for others again.</summary>
    public void Forward(BrokerQueue source)
    {
        while (source.HasToHandOn && _routes.TryGetValue(source, out var route))
        {
            if (!BrokerQueue.TryTogether(route.Queues, _journal, now => Move(source, route, now), out _))
            {
                return;
            }
            foreach (var target in route.Targets)
            {
                Forward(target);
            }
        }
    }

    private static void Move(BrokerQueue source, Route route, DateTimeOffset now)
    {
        for (var i = 0; i < MaxAtOnce && source.Machine.TryPeekToHandOn(out var message); i++)
        {
            if (source.Definition.Kind == EntityKind.Topic && message.Part == SubQueue.None)
            {
                FanOut(source, message, route.Subscriptions, now);
            }
            else
            {
                Move(source, message, message.Part == SubQueue.None ? route.ForwardTo! : route.ForwardDeadLettersTo!, now);
            }
        }
    }

    private static void Move(BrokerQueue source, StoredMessage message, BrokerQueue target, DateTimeOffset now)
    {
        var deadLetterSource = message.Part == SubQueue.DeadLetter ? source.Name : message.DeadLetterSource;
        var transfer = new Transfer(message.EnqueuedSequenceNumber, message.Hops + 1, deadLetterSource);
        if (transfer.Hops > BrokerLimits.MaxTransferHops)
        {
            source.Machine.KeepFromTransfer(
                message, DeadLetterProperties.MaxTransferHopCountExceeded,
                FormattableString.Invariant($"The message was forwarded {BrokerLimits.MaxTransferHops} times, which is the limit."));
        }
        else if (target.Machine.TryTake(message.Content, transfer, now))
        {
            source.Machine.HandOn(message);
        }
        else
        {
            source.Machine.KeepFromTransfer(message, DeadLetterProperties.QuotaExceeded, $"'{target.Name}' is full.");
        }
    }

    private static void FanOut(BrokerQueue topic, StoredMessage message, IReadOnlyList<BrokerQueue> subscriptions, DateTimeOffset now)
    {
        var transfer = new Transfer(message.EnqueuedSequenceNumber, message.Hops, message.DeadLetterSource);
        List<string>? full = null;
        foreach (var subscription in subscriptions)
        {
            if (subscription.Definition.Rules.Any(rule => rule.Matches(message.Content))
                && !subscription.Machine.TryTake(message.Content, transfer, now))
            {
                (full ??= []).Add(subscription.Name);
            }
        }
        if (full is null)
        {
            topic.Machine.HandOn(message);
        }
        else
        {
            topic.Machine.KeepFromTransfer(
                message, DeadLetterProperties.QuotaExceeded, $"{string.Join(", ", full)}: full. Other subscriptions have the message.");
        }
    }

    /// <summary>Where a queue's messages go.</summary>
    private sealed record Route(
        BrokerQueue? ForwardTo, BrokerQueue? ForwardDeadLettersTo, IReadOnlyList<BrokerQueue> Subscriptions, IReadOnlyList<BrokerQueue> Queues)
    {
        /// <summary>All that messages go to.</summary>
        public IReadOnlyList<BrokerQueue> Targets { get; } = [.. new[] { ForwardTo, ForwardDeadLettersTo }.OfType<BrokerQueue>().Union(Subscriptions)];

        public static Route Of(BrokerQueue source, IReadOnlyCollection<BrokerQueue> queues)
        {
            var definition = source.Definition;
            var forwardTo = Find(definition.ForwardTo);
            var deadLettersTo = Find(definition.ForwardDeadLetteredMessagesTo);
            var subscriptions = queues
                .Where(queue => queue.Definition.Kind == EntityKind.Subscription
                    && QueuePath.TopLevelOf(queue.Name).Equals(source.Name, StringComparison.OrdinalIgnoreCase))
                .Where(_ => definition.Kind == EntityKind.Topic)
                .ToList();
            var involved = new[] { source, forwardTo, deadLettersTo }.OfType<BrokerQueue>().Union(subscriptions).OrderBy(queue => queue.Order);
            return new Route(forwardTo, deadLettersTo, subscriptions, [.. involved]);

            BrokerQueue? Find(string? name) => name is null
                ? null
                : queues.FirstOrDefault(queue => queue.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                    ?? throw new InvalidOperationException($"'{source.Name}' forwards to '{name}', which is not there.");
        }
    }
}
