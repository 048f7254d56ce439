using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Messages that can be received, by sequence number. New messages come in ascending order and wait in a queue; messages that
/// were given back, out of order, wait in a heap. Removed messages are skipped when their turn comes.
/// </summary>
internal sealed class AvailableMessages
{
    private readonly Queue<StoredMessage> _arrived = new();
    private PriorityQueue<StoredMessage, long>? _returned;

    public int Count { get; private set; }

    /// <summary>Adds a message with a higher number than any before it.</summary>
    public void Arrive(StoredMessage message)
    {
        _arrived.Enqueue(message);
        Count++;
    }

    /// <summary>Adds a message that was received and given back: it takes its place by number.</summary>
    public void Return(StoredMessage message)
    {
        _returned ??= new();
        _returned.Enqueue(message, message.SequenceNumber);
        Count++;
    }

    /// <summary>The message with the lowest number.</summary>
    public bool TryPeek([NotNullWhen(true)] out StoredMessage? first)
    {
        while (_arrived.TryPeek(out var arrived) && arrived.Status == MessageStatus.Removed)
        {
            _arrived.Dequeue();
        }
        while (_returned is not null && _returned.TryPeek(out var returned, out _) && returned.Status == MessageStatus.Removed)
        {
            _returned.Dequeue();
        }
        _arrived.TryPeek(out first);
        if (_returned is not null && _returned.TryPeek(out var earlier, out var number) && (first is null || number < first.SequenceNumber))
        {
            first = earlier;
        }
        return first is not null;
    }

    /// <summary>Takes the first message out; it must be <paramref name="message"/>.</summary>
    public void Take(StoredMessage message)
    {
        if (!TryPeek(out var first) || !ReferenceEquals(first, message))
        {
            throw new InvalidOperationException($"Message {message.SequenceNumber} is received out of order.");
        }
        if (_arrived.TryPeek(out var arrived) && ReferenceEquals(arrived, message))
        {
            _arrived.Dequeue();
        }
        else
        {
            _returned!.Dequeue();
        }
        Count--;
    }

    /// <summary>Counts a message out that is being removed; its status keeps it from being received.</summary>
    public void Forget() => Count--;
}
