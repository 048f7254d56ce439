using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <content>Receiving and looking.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Takes the first messages that are there, up to <paramref name="maxMessages"/>.</summary>
    public Delivery[] Receive(ReceiveSource source, ServiceBusReceiveMode mode, int maxMessages, DateTimeOffset now)
    {
        var available = Resolve(source);
        if (available.Count == 0)
        {
            return [];
        }
        var deliveries = new Delivery[Math.Min(maxMessages, available.Count)];
        for (var i = 0; i < deliveries.Length && available.TryPeek(out var message); i++)
        {
            deliveries[i] = Hand(message, mode, now);
        }
        return deliveries;
    }

    /// <summary>Takes deferred messages by their numbers: all of them or none.</summary>
    public Delivery[] ReceiveDeferred(
        ReceiveSource source, ServiceBusReceiveMode mode, IReadOnlyList<long> sequenceNumbers, DateTimeOffset now)
    {
        Resolve(source);
        var messages = sequenceNumbers.Distinct().Select(number => Deferred(source, number, now)).ToArray();
        return Array.ConvertAll(messages, message => Hand(message, mode, now));
    }

    /// <summary>Shows messages in the order of their numbers, whatever their state.</summary>
    public Delivery[] Peek(ReceiveSource source, long fromSequenceNumber, int maxMessages)
    {
        IEnumerable<StoredMessage> messages;
        if (source.Session is { } lease)
        {
            messages = Held(lease).Messages.SkipWhile(message => message.SequenceNumber < fromSequenceNumber);
        }
        else
        {
            messages = _state.From(source.Part, fromSequenceNumber);
        }
        return [.. messages.Take(Math.Min(maxMessages, BrokerLimits.MaxPeekedMessages)).Select(message => message.Show())];
    }

    private AvailableMessages Resolve(ReceiveSource source)
    {
        if (definition.HandsOn(source.Part))
        {
            throw BrokerErrors.HandsOn(definition, source.Part);
        }
        if (source.Session is { } lease)
        {
            return Held(lease).Available;
        }
        return source.Part switch
        {
            SubQueue.DeadLetter => _state.AvailableDeadLetters,
            SubQueue.TransferDeadLetter => _state.AvailableTransferDeadLetters,
            _ => definition.RequiresSession ? throw BrokerErrors.NeedsSession(definition.Name) : _state.Available,
        };
    }

    private Delivery Hand(StoredMessage message, ServiceBusReceiveMode mode, DateTimeOffset now)
    {
        if (mode == ServiceBusReceiveMode.ReceiveAndDelete)
        {
            var delivery = message.Deliver(Guid.Empty, lockedUntil: default);
            Commit(new MessageRemoved(PlaceOf(message)));
            return delivery;
        }
        var lockToken = NewToken();
        var lockedUntil = message.Session?.LockedUntil ?? now + definition.LockDuration;
        Commit(new MessageLocked(PlaceOf(message), lockToken, lockedUntil));
        return message.Deliver(lockToken, lockedUntil);
    }

    private StoredMessage Deferred(ReceiveSource source, long sequenceNumber, DateTimeOffset now)
    {
        if (!_state.TryGetMessage(new MessagePlace(sequenceNumber, source.Part), out var message)
            || message.Status != MessageStatus.Deferred
            || message.Session?.Id != source.Session?.SessionId)
        {
            throw BrokerErrors.MessageNotFound(definition.Name, sequenceNumber, "deferred");
        }
        if (!message.IsDeadLetter && message.ExpiresAt <= now)
        {
            // As in the service, a deferred message expires only when it is asked for.
            Expire(message);
            throw BrokerErrors.MessageNotFound(definition.Name, sequenceNumber, "deferred");
        }
        return message;
    }
}
