using System.Collections.Frozen;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>The queues of one namespace, under one clock and one seed. Each queue works on its own, under its own lock.</summary>
internal sealed class MessageBroker : IDisposable
{
    private readonly FrozenDictionary<string, BrokerQueue> _queues;

    /// <param name="definitions">The queues; their names differ in more than case.</param>
    /// <param name="time">Drives lock expiry, schedules, time to live and waits.</param>
    /// <param name="random">Where lock tokens and ids come from; a given seed gives the same ones.</param>
    /// <param name="journalOf">What keeps a queue beyond the process; null: they live in memory only.</param>
    public MessageBroker(
        IEnumerable<QueueDefinition> definitions, TimeProvider time, Random random, Func<QueueDefinition, IQueueJournal>? journalOf = null)
        => _queues = definitions
            .Select(definition => new BrokerQueue(definition, time, new Random(random.Next()), journalOf?.Invoke(definition)))
            .ToFrozenDictionary(queue => queue.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>All queues.</summary>
    public IReadOnlyCollection<BrokerQueue> Queues => _queues.Values;

    /// <exception cref="ServiceBusException">There is no such queue (MessagingEntityNotFound).</exception>
    public BrokerQueue Find(string name) => _queues.TryGetValue(name, out var queue)
        ? queue
        : throw new ServiceBusException(
            $"There is no queue '{name}'. Queues are defined in infra/servicebus.json; it has: " +
            $"{string.Join(", ", _queues.Keys.Order(StringComparer.Ordinal))}.",
            ServiceBusFailureReason.MessagingEntityNotFound,
            name);

    public void Dispose()
    {
        foreach (var queue in _queues.Values)
        {
            queue.Dispose();
        }
    }
}
