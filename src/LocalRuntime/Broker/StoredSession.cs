namespace ModelJobs.LocalRuntime.Broker;

/// <summary>A session of a queue: its messages, its state and its holder. Only <see cref="QueueState.Apply"/> changes one.</summary>
internal sealed class StoredSession : DueItem
{
    public StoredSession(string id, long order)
    {
        Id = id;
        Order = order;
        ReadyNode = new(this);
    }

    public string Id { get; }

    /// <summary>The messages that can be received, in order.</summary>
    public AvailableMessages Available { get; } = new();

    /// <summary>All its messages, scheduled ones too, in the order of their numbers.</summary>
    public LinkedList<StoredMessage> Messages { get; } = new();

    /// <summary>The messages that its holder received and has not settled.</summary>
    public HashSet<StoredMessage> Locked { get; } = [];

    /// <summary>What a holder stored with the session; null if nothing.</summary>
    public ReadOnlyMemory<byte>? State { get; set; }

    /// <summary>Names the hold on the session; <see cref="Guid.Empty"/>: no one holds it.</summary>
    public Guid LockToken { get; set; }

    public DateTimeOffset LockedUntil { get; set; }

    public bool IsLocked => LockToken != Guid.Empty;

    /// <summary>Its node among the sessions that can be accepted next.</summary>
    public LinkedListNode<StoredSession> ReadyNode { get; }

    /// <summary>Nothing would be lost by forgetting the session.</summary>
    public bool IsIdle => Messages.Count == 0 && State is null && !IsLocked;

    /// <summary>Whether a receiver waits for this session's messages.</summary>
    public bool IsWatched { get; set; }
}
