namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

internal enum ModelPart
{
    Main,
    DeadLetter,
    TransferDeadLetter,
}

internal enum ModelState
{
    Active,
    Scheduled,
    Deferred,
}

/// <summary>A message of the model, with everything about it that can be seen.</summary>
internal sealed class ModelMessage
{
    public required string Id { get; init; }

    public string? Session { get; init; }

    public string? Subject { get; init; }

    public int BodyBytes { get; init; }

    /// <summary>What its sender asked for; null: nothing.</summary>
    public TimeSpan? SentTimeToLive { get; init; }

    /// <summary>When it shall be enqueued; null: at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public SortedDictionary<string, string> Properties { get; private set; } = new(StringComparer.Ordinal);

    public long Number { get; set; }

    public long FirstNumber { get; set; }

    public DateTimeOffset EnqueuedAt { get; set; }

    public TimeSpan TimeToLive { get; set; }

    public ModelState State { get; set; }

    public ModelPart Part { get; set; }

    public int FailedDeliveries { get; set; }

    public int Hops { get; set; }

    public string? DeadLetterSource { get; set; }

    /// <summary>Names the lock; null: it is not locked.</summary>
    public int? Lock { get; set; }

    public DateTimeOffset LockedUntil { get; set; }

    public ModelTransaction? Transaction { get; set; }

    public DateTimeOffset ExpiresAt => EnqueuedAt + TimeToLive;

    public ModelMessage Clone()
    {
        var clone = (ModelMessage)MemberwiseClone();
        clone.Properties = new(Properties, StringComparer.Ordinal);
        return clone;
    }

    /// <summary>A new message with the same content, for another queue or a later moment.</summary>
    public ModelMessage Again()
    {
        var again = Clone();
        again.State = ModelState.Active;
        again.Part = ModelPart.Main;
        again.FailedDeliveries = 0;
        again.Lock = null;
        again.LockedUntil = default;
        again.Transaction = null;
        return again;
    }

    public void Set(IEnumerable<KeyValuePair<string, string>> changes)
    {
        foreach (var (name, value) in changes)
        {
            Properties[name] = value;
        }
    }

    public override string ToString()
        => $"{Number}/{FirstNumber} {Id} of {Session} '{Subject}' {State} failed {FailedDeliveries} at {EnqueuedAt:O} for {TimeToLive} from {DeadLetterSource} " +
            string.Join(' ', Properties.Select(property => $"{property.Key}={property.Value}"));
}

/// <summary>A session of the model.</summary>
internal sealed class ModelSession(string id)
{
    public string Id { get; } = id;

    public string? State { get; set; }

    /// <summary>Names the hold; null: no one holds it.</summary>
    public int? Lock { get; set; }

    public DateTimeOffset LockedUntil { get; set; }

    /// <summary>Its place among the sessions that are ready; null: it is not.</summary>
    public long? Turn { get; set; }

    public ModelSession Clone() => (ModelSession)MemberwiseClone();
}

/// <summary>How a queue, topic or subscription of the model is set up.</summary>
internal sealed record ModelSettings(string Name)
{
    public bool Sessions { get; init; }

    /// <summary>Null: duplicates are not detected.</summary>
    public TimeSpan? DuplicateWindow { get; init; }

    public int MaxDeliveryCount { get; init; } = 3;

    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    public bool DeadLettersExpired { get; init; }

    public long MaxBytes { get; init; } = long.MaxValue;

    public string? ForwardTo { get; init; }

    public string? ForwardDeadLettersTo { get; init; }

    public bool IsTopic { get; init; }

    /// <summary>Of a subscription its topic.</summary>
    public string? Topic { get; init; }

    /// <summary>Of a subscription: the only subject that it takes; null: it takes everything.</summary>
    public string? SubjectFilter { get; init; }
}

/// <summary>An operation that the model refuses, for a reason by its name.</summary>
internal sealed class ModelRefusal(string reason) : Exception(reason);

/// <summary>What a receiver of the model holds, or held.</summary>
/// <param name="Queue">Where.</param>
/// <param name="Part">In which part.</param>
/// <param name="Lease">The session that it came from; null: none.</param>
/// <param name="Lock">The message's lock.</param>
internal sealed record ModelHandle(string Queue, ModelPart Part, ModelLease? Lease, int Lock);

/// <summary>A hold on a session of the model, current or over.</summary>
internal sealed record ModelLease(string Queue, string Session, int Lock);
