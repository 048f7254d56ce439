using System.Collections.Frozen;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// The queues, topics and subscriptions of one namespace, under one clock and one seed. Each works on its own, under its own lock;
/// transactions and forwarding lock several, in one order.
/// </summary>
internal sealed class MessageBroker : IDisposable
{
    private readonly FrozenDictionary<string, BrokerQueue> _queues;
    private readonly TimeProvider _time;
    private readonly IBrokerJournal? _journal;
    private readonly Forwarder _forwarder;

    /// <param name="definitions">The queues; their names differ in more than case.</param>
    /// <param name="time">Drives lock expiry, schedules, time to live and waits.</param>
    /// <param name="random">Where lock tokens and ids come from; a given seed gives the same ones.</param>
    /// <param name="journal">What keeps them beyond the process; null: they live in memory only.</param>
    /// <param name="create">Makes the queues; null: as they are.</param>
    public MessageBroker(
        IEnumerable<QueueDefinition> definitions, TimeProvider time, Random random, IBrokerJournal? journal = null, QueueFactory? create = null)
    {
        _time = time;
        _journal = journal;
        create ??= static (definition, time, random, journal) => new BrokerQueue(definition, time, random, journal);
        _queues = definitions
            .Select((definition, order) =>
            {
                var queue = create(definition, time, new Random(random.Next()), journal?.JournalOf(definition));
                queue.Order = order;
                return queue;
            })
            .ToFrozenDictionary(queue => queue.Name, StringComparer.OrdinalIgnoreCase);
        _forwarder = new Forwarder(_queues.Values, journal);
    }

    /// <summary>All queues, topics and subscriptions.</summary>
    public IReadOnlyCollection<BrokerQueue> Queues => _queues.Values;

    /// <exception cref="ServiceBusException">There is no such queue (MessagingEntityNotFound).</exception>
    public BrokerQueue Find(string name) => _queues.TryGetValue(name, out var queue)
        ? queue
        : throw new ServiceBusException(
            $"There is no queue, topic or subscription '{name}'. They are defined in infra/servicebus.json; it has: " +
            $"{string.Join(", ", _queues.Keys.Order(StringComparer.Ordinal))}.",
            ServiceBusFailureReason.MessagingEntityNotFound,
            name);

    /// <summary>Begins a transaction over queues of this namespace.</summary>
    public BrokerTransaction BeginTransaction() => new(this, _time);

    public void Dispose()
    {
        foreach (var queue in _queues.Values)
        {
            queue.Dispose();
        }
    }

    /// <summary>Runs a command over several queues as one.</summary>
    /// <returns>Ends when all that it did is on disk.</returns>
    /// <exception cref="ServiceBusException">The broker has stopped (ServiceCommunicationProblem).</exception>
    internal Task Together(IEnumerable<BrokerQueue> queues, Action<DateTimeOffset> command)
    {
        BrokerQueue[] inOrder = [.. queues.Distinct().OrderBy(queue => queue.Order)];
        try
        {
            return BrokerQueue.TryTogether(inOrder, _journal, command, out var written) ? written : throw BrokerErrors.Stopped(inOrder[0].Name);
        }
        finally
        {
            Array.ForEach(inOrder, _forwarder.Forward);
        }
    }
}

/// <summary>Makes a queue; the parameters are those of <see cref="BrokerQueue"/>.</summary>
internal delegate BrokerQueue QueueFactory(QueueDefinition definition, TimeProvider time, Random random, IQueueJournal? journal);
