namespace ModelJobs.LocalRuntime.Broker;

/// <summary>What a sender wrote: everything of a message but its place and state in a queue. Immutable.</summary>
internal sealed record SentMessage
{
    /// <summary>Of a message without application properties.</summary>
    public static readonly IReadOnlyDictionary<string, object> NoProperties = new Dictionary<string, object>();

    /// <summary>The one of <see cref="Extras"/> that says that the body is not data.</summary>
    public const string ForeignBody = "body";

    private int _headerBytes;

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The sender's id; the broker gives one to a message without.</summary>
    public string? MessageId { get; init; }

    public string? SessionId { get; init; }
    public string? PartitionKey { get; init; }
    public string? TransactionPartitionKey { get; init; }
    public string? CorrelationId { get; init; }
    public string? Subject { get; init; }
    public string? To { get; init; }
    public string? ReplyTo { get; init; }
    public string? ReplyToSessionId { get; init; }
    public string? ContentType { get; init; }

    /// <summary>How long the message is worth receiving; <see cref="TimeSpan.MaxValue"/>: as long as the queue says.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.MaxValue;

    /// <summary>When the message shall appear in the queue; default: at once.</summary>
    public DateTimeOffset ScheduledEnqueueTime { get; init; }

    /// <summary>Application properties; a message's own, never changed in place.</summary>
    public IReadOnlyDictionary<string, object> Properties { get; init; } = NoProperties;

    /// <summary>
    /// What a client of AMQP set beyond that, by name, with values as application properties have them. Kept for other clients of AMQP;
    /// Service Bus itself has no names for it.
    /// </summary>
    public IReadOnlyDictionary<string, object> Extras { get; init; } = NoProperties;

    /// <summary>Whether the body is not data but encoded AMQP sections: values or sequences of another language.</summary>
    public bool IsForeign => Extras.ContainsKey(ForeignBody);

    /// <summary>Bytes of everything but the body.</summary>
    public int HeaderBytes => _headerBytes == 0 ? _headerBytes = MessageSize.OfHeaders(this) : _headerBytes;

    /// <summary>Bytes of the message, headers included.</summary>
    public int Bytes => HeaderBytes + Body.Length;

    /// <summary>The same message with <paramref name="changes"/> over its application properties.</summary>
    public SentMessage WithProperties(IEnumerable<KeyValuePair<string, object>>? changes)
    {
        Dictionary<string, object>? merged = null;
        foreach (var (name, value) in changes ?? [])
        {
            merged ??= new Dictionary<string, object>(Properties);
            merged[name] = value;
        }
        return merged is null ? this : this with { Properties = merged, _headerBytes = 0 };
    }

    /// <summary>The same message, which is known to have so many bytes on the wire.</summary>
    public SentMessage WithWireBytes(int bytes) => this with { _headerBytes = Math.Max(1, bytes - Body.Length) };

    /// <summary>The same message with an id.</summary>
    public SentMessage WithMessageId(string id) => this with { MessageId = id, _headerBytes = 0 };
}
