using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Messages that can be received, by sequence number. New messages come in ascending order and wait in a queue; messages that
/// were given back, out of order, wait in a heap. Removed messages are skipped when their turn comes, or let go when they are more than
/// the others: behind one that stays, messages may come and expire without end.
/// </summary>
internal sealed class AvailableMessages
{
    /// <summary>Removed messages that may lie here in any case.</summary>
    internal const int MaxRemoved = 16;

    private Queue<StoredMessage> _arrived = new();
    private PriorityQueue<StoredMessage, long>? _returned;
    private int _removed;

    public int Count { get; private set; }

    /// <summary>The messages that are kept here, removed ones too.</summary>
    internal int Kept => _arrived.Count + (_returned?.Count ?? 0);

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
            _removed--;
        }
        while (_returned is not null && _returned.TryPeek(out var returned, out _) && returned.Status == MessageStatus.Removed)
        {
            _returned.Dequeue();
            _removed--;
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
    public void Forget()
    {
        Count--;
        _removed++;
        if (_removed > Count + MaxRemoved)
        {
            LetGo();
        }
    }

    private void LetGo()
    {
        _arrived = new(_arrived.Where(static message => message.Status != MessageStatus.Removed));
        _returned = _returned is null ? null : new(_returned.UnorderedItems.Where(static item => item.Element.Status != MessageStatus.Removed));
        // The one that is being removed right now is not marked yet.
        _removed = 1;
    }
}
