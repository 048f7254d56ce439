using System.Diagnostics.CodeAnalysis;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// What a queue holds: its messages, dead letters, sessions and remembered ids, and the indexes over them. It changes
/// through <see cref="Apply"/> alone, decides nothing and knows no clock; <see cref="QueueMachine"/> decides.
/// </summary>
internal sealed partial class QueueState(QueueDefinition definition)
{
    private readonly SequenceMap<StoredMessage> _messages = new();
    private readonly SequenceMap<StoredMessage> _deadLetters = new();
    private readonly SequenceMap<StoredMessage> _transferDeadLetters = new();
    private readonly Dictionary<Guid, StoredMessage> _locks = [];
    private readonly Dictionary<string, StoredSession> _sessions = new(StringComparer.Ordinal);
    private readonly LinkedList<StoredSession> _ready = new();
    private readonly Queue<StoredSession> _woken = new();
    private readonly DuplicateHistory _history = new(definition.DuplicateDetectionHistoryTimeWindow);
    private readonly DueHeap<DueItem> _due = new();
    private long _sessionsSeen;
    private int _scheduled;
    private int _deferred;

    /// <summary>The number that the next message gets; numbers begin at 1 and are never used twice.</summary>
    public long NextSequenceNumber { get; private set; } = 1;

    /// <summary>
    /// Takes a number for a message that may come later or never. Nothing records it: a number that no message has is of no account.
    /// </summary>
    public long ReserveNumber() => NextSequenceNumber++;

    /// <summary>Bytes of all messages, dead letters included, and of the sessions' states.</summary>
    public long Bytes { get; private set; }

    public QueueCounts Counts => new(_messages.Count - _scheduled - _deferred, _scheduled, _deferred, _deadLetters.Count)
    {
        TransferDeadLetter = _transferDeadLetters.Count,
    };

    /// <summary>When the next lock, schedule or time to live runs out; null if none will.</summary>
    public DateTimeOffset? NextDue => _due.NextDue;

    /// <summary>Messages of a queue without sessions that can be received.</summary>
    public AvailableMessages Available { get; } = new();

    /// <summary>Dead letters that can be received.</summary>
    public AvailableMessages AvailableDeadLetters { get; } = new();

    /// <summary>Messages that could not be forwarded and can be received.</summary>
    public AvailableMessages AvailableTransferDeadLetters { get; } = new();

    public bool TryGetMessage(MessagePlace place, [NotNullWhen(true)] out StoredMessage? message)
        => MapOf(place.Part).TryGet(place.SequenceNumber, out message);

    public bool TryGetLocked(Guid lockToken, [NotNullWhen(true)] out StoredMessage? message) => _locks.TryGetValue(lockToken, out message);

    public bool TryGetSession(string id, [NotNullWhen(true)] out StoredSession? session) => _sessions.TryGetValue(id, out session);

    /// <summary>All sessions that have messages, a state or a holder.</summary>
    public IReadOnlyCollection<StoredSession> Sessions => _sessions.Values;

    /// <summary>The session that has been ready to be accepted for longest: it has messages and no holder.</summary>
    public bool TryPeekReady([NotNullWhen(true)] out StoredSession? session) => (session = _ready.First?.Value) is not null;

    /// <summary>The next watched session whose messages or lock changed.</summary>
    public bool TryTakeWoken([NotNullWhen(true)] out StoredSession? session) => _woken.TryDequeue(out session);

    /// <summary>A message or session that is due by <paramref name="now"/>.</summary>
    public bool TryPeekDue(DateTimeOffset now, [NotNullWhen(true)] out DueItem? item) => _due.TryPeekDue(now, out item);

    /// <summary>Whether a message with this id was accepted within the duplicate detection window.</summary>
    public bool IsDuplicate(string messageId, DateTimeOffset now, out long sequenceNumber)
        => _history.Contains(messageId, now, out sequenceNumber);

    /// <summary>All messages of the queue or of a sub-queue, in order from a number on, whatever their state.</summary>
    public IEnumerable<StoredMessage> From(SubQueue part, long sequenceNumber) => MapOf(part).From(sequenceNumber);

    private SequenceMap<StoredMessage> MapOf(SubQueue part) => part switch
    {
        SubQueue.None => _messages,
        SubQueue.DeadLetter => _deadLetters,
        _ => _transferDeadLetters,
    };
}

/// <summary>How many messages a queue holds, by state.</summary>
/// <param name="Active">Available or locked.</param>
/// <param name="Scheduled">Waiting for their time.</param>
/// <param name="Deferred">Set aside.</param>
/// <param name="DeadLetter">In the dead-letter queue.</param>
internal readonly record struct QueueCounts(int Active, int Scheduled, int Deferred, int DeadLetter)
{
    /// <summary>In the transfer dead-letter queue: they could not be forwarded.</summary>
    public int TransferDeadLetter { get; init; }
}
