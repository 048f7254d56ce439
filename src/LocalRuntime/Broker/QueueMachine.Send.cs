using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <content>Sending.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Enqueues messages, or schedules those whose time has not come: all of them or none.</summary>
    /// <returns>The number of each message; of a duplicate, which is dropped, that of the first.</returns>
    public IReadOnlyList<long> Send(IReadOnlyList<SentMessage> messages, DateTimeOffset now)
    {
        CheckRoom(CheckSend(messages));
        return SendChecked(messages, reserved: null, now);
    }

    /// <summary>Does what <see cref="Send"/> does after its checks.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="reserved">Their numbers if they are scheduled; null: the next ones.</param>
    /// <param name="now">The moment.</param>
    public IReadOnlyList<long> SendChecked(IReadOnlyList<SentMessage> messages, IReadOnlyList<long>? reserved, DateTimeOffset now)
    {
        var numbers = new long[messages.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            // One that is due by now takes its place at the end, as any message that is enqueued.
            var number = reserved is not null && messages[i].ScheduledEnqueueTime > now ? reserved[i] : _state.NextSequenceNumber;
            numbers[i] = Accept(messages[i], now, number);
        }
        return numbers;
    }

    /// <summary>Takes a number for each message, to cancel it by once it is sent and scheduled.</summary>
    public IReadOnlyList<long> Reserve(IReadOnlyList<SentMessage> messages)
    {
        CheckSend(messages);
        return [.. messages.Select(_ => _state.ReserveNumber())];
    }

    /// <summary>Refuses messages that the queue would not accept even if it were empty.</summary>
    /// <returns>Their bytes.</returns>
    public long CheckSend(IReadOnlyList<SentMessage> messages)
    {
        if (definition.Kind == EntityKind.Subscription)
        {
            throw BrokerErrors.NotASendTarget(definition.Name);
        }
        var bytes = 0L;
        var batchBytes = 0L;
        foreach (var message in messages)
        {
            if (definition.RequiresSession && message.SessionId is null)
            {
                throw BrokerErrors.NoSessionId(definition.Name);
            }
            ThrowIfOver(BrokerLimits.MaxMessageBytes, message.Bytes, "message");
            ThrowIfOver(BrokerLimits.MaxHeaderBytes, message.HeaderBytes, "message's header (its properties)");
            bytes += message.Bytes;
            batchBytes = MessageSize.OfBatchWith(batchBytes, message);
        }
        if (messages.Count > 1)
        {
            // Clients have envelopes of other sizes; one that kept to the limit with its own is not refused for ours.
            ThrowIfOver(BrokerLimits.MaxMessageBytes, batchBytes - MessageSize.BatchEnvelopeBytes, "batch");
        }
        return bytes;
    }

    /// <summary>Refuses to grow over the queue's size.</summary>
    public void CheckRoom(long bytes)
    {
        if (!HasRoom(bytes))
        {
            throw BrokerErrors.QueueFull(definition.Name, definition.MaxSizeInBytes);
        }
    }

    private bool HasRoom(long bytes) => bytes == 0 || _state.Bytes + bytes <= definition.MaxSizeInBytes;

    /// <summary>Cancels scheduled messages: all of them or none.</summary>
    public void CancelScheduled(IReadOnlyList<long> sequenceNumbers)
    {
        CheckScheduled(sequenceNumbers);
        foreach (var number in sequenceNumbers.Distinct())
        {
            Commit(new MessageRemoved(new MessagePlace(number, SubQueue.None)));
        }
    }

    /// <summary>Refuses numbers under which no message is scheduled.</summary>
    public void CheckScheduled(IReadOnlyList<long> sequenceNumbers)
    {
        foreach (var number in sequenceNumbers)
        {
            if (!_state.TryGetMessage(new MessagePlace(number, SubQueue.None), out var message) || message.Status != MessageStatus.Scheduled)
            {
                throw BrokerErrors.MessageNotFound(definition.Name, number, "scheduled");
            }
        }
    }

    private long Accept(SentMessage message, DateTimeOffset now, long number)
    {
        if (message.MessageId is null)
        {
            message = message.WithMessageId(NewToken().ToString("N"));
        }
        else if (definition.RequiresDuplicateDetection && _state.IsDuplicate(message.MessageId, now, out var first))
        {
            return first;
        }
        Commit(message.ScheduledEnqueueTime > now
            ? new MessageScheduled(number, message, now)
            : new MessageEnqueued(number, message, now));
        return number;
    }

    private void ThrowIfOver(long maxBytes, long bytes, string what)
    {
        if (bytes > maxBytes)
        {
            throw BrokerErrors.TooLarge(definition.Name, what, bytes, maxBytes);
        }
    }
}
