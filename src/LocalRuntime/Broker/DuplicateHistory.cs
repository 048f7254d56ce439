namespace ModelJobs.LocalRuntime.Broker;

/// <summary>The ids of the messages that a queue accepted within its duplicate detection window.</summary>
internal sealed class DuplicateHistory(TimeSpan window)
{
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);
    private readonly Queue<(string MessageId, DateTimeOffset AcceptedAt)> _ages = new();

    /// <summary>Whether a message with this id was accepted within the window before <paramref name="now"/>.</summary>
    /// <param name="messageId">The id.</param>
    /// <param name="now">The moment.</param>
    /// <param name="sequenceNumber">The number that the first message got.</param>
    public bool Contains(string messageId, DateTimeOffset now, out long sequenceNumber)
    {
        Forget(now);
        return _numbers.TryGetValue(messageId, out sequenceNumber);
    }

    public void Add(string messageId, DateTimeOffset acceptedAt, long sequenceNumber)
    {
        Forget(acceptedAt);
        if (_numbers.TryAdd(messageId, sequenceNumber))
        {
            _ages.Enqueue((messageId, acceptedAt));
        }
    }

    private void Forget(DateTimeOffset now)
    {
        while (_ages.TryPeek(out var oldest) && oldest.AcceptedAt + window <= now)
        {
            _numbers.Remove(oldest.MessageId);
            _ages.Dequeue();
        }
    }
}
