namespace ModelJobs.LocalRuntime.Broker;

/// <summary>What a receiver decided about a message that it holds.</summary>
/// <param name="Kind">The decision.</param>
/// <param name="Changes">Application properties to set on the message.</param>
internal sealed record Settlement(SettlementKind Kind, IReadOnlyDictionary<string, object> Changes)
{
    public static readonly Settlement Complete = new(SettlementKind.Complete, SentMessage.NoProperties);

    public static readonly Settlement Return = new(SettlementKind.Return, SentMessage.NoProperties);

    public static Settlement Abandon(IReadOnlyDictionary<string, object> changes) => new(SettlementKind.Abandon, changes);

    public static Settlement Defer(IReadOnlyDictionary<string, object> changes) => new(SettlementKind.Defer, changes);

    /// <exception cref="ArgumentOutOfRangeException">The reason or the description is too long.</exception>
    public static Settlement DeadLetter(IReadOnlyDictionary<string, object> changes, string? reason, string? description)
        => new(SettlementKind.DeadLetter, DeadLetterProperties.Because(reason, description, changes));
}

/// <summary>The ways to settle a message.</summary>
internal enum SettlementKind
{
    /// <summary>Done: remove it.</summary>
    Complete,

    /// <summary>Give it back to its place in the queue; the delivery counts as failed.</summary>
    Abandon,

    /// <summary>Give it back as if it had never been received: it could not be brought to its receiver.</summary>
    Return,

    /// <summary>Set it aside until it is asked for by its number.</summary>
    Defer,

    /// <summary>Move it to the dead-letter queue.</summary>
    DeadLetter,
}
