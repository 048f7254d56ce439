namespace ModelJobs.LocalRuntime.Broker;

/// <content>Sending.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Enqueues messages, or schedules those whose time has not come: all of them or none.</summary>
    /// <returns>The number of each message; of a duplicate, which is dropped, that of the first.</returns>
    public IReadOnlyList<long> Send(IReadOnlyList<SentMessage> messages, DateTimeOffset now)
    {
        Check(messages);
        var numbers = new long[messages.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Accept(messages[i], now);
        }
        return numbers;
    }

    /// <summary>Cancels scheduled messages: all of them or none.</summary>
    public void CancelScheduled(IReadOnlyList<long> sequenceNumbers)
    {
        var places = sequenceNumbers.Select(number => new MessagePlace(number, IsDeadLetter: false)).Distinct().ToList();
        foreach (var place in places)
        {
            if (!_state.TryGetMessage(place, out var message) || message.Status != MessageStatus.Scheduled)
            {
                throw BrokerErrors.MessageNotFound(definition.Name, place.SequenceNumber, "scheduled");
            }
        }
        foreach (var place in places)
        {
            Commit(new MessageRemoved(place));
        }
    }

    private long Accept(SentMessage message, DateTimeOffset now)
    {
        if (message.MessageId is null)
        {
            message = message.WithMessageId(NewToken().ToString("N"));
        }
        else if (definition.RequiresDuplicateDetection && _state.IsDuplicate(message.MessageId, now, out var first))
        {
            return first;
        }
        var number = _state.NextSequenceNumber;
        Commit(message.ScheduledEnqueueTime > now
            ? new MessageScheduled(number, message, now)
            : new MessageEnqueued(number, message, now));
        return number;
    }

    private void Check(IReadOnlyList<SentMessage> messages)
    {
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
            ThrowIfOver(BrokerLimits.MaxMessageBytes, batchBytes, "batch");
        }
        if (_state.Bytes + bytes > definition.MaxSizeInBytes)
        {
            throw BrokerErrors.QueueFull(definition.Name, definition.MaxSizeInBytes);
        }
    }

    private void ThrowIfOver(long maxBytes, long bytes, string what)
    {
        if (bytes > maxBytes)
        {
            throw BrokerErrors.TooLarge(definition.Name, what, bytes, maxBytes);
        }
    }
}
