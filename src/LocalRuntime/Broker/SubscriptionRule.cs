namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Selects messages of a topic for a subscription.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Filter">What a message must have; null: no message matches.</param>
internal sealed record SubscriptionRule(string Name, CorrelationFilter? Filter)
{
    private const string DefaultName = "$Default";

    /// <summary>The rules of a subscription for which none are given: every message matches.</summary>
    public static readonly IReadOnlyList<SubscriptionRule> All = [new(DefaultName, new CorrelationFilter())];

    public bool Matches(SentMessage message) => Filter is not null && Filter.Matches(message);
}

/// <summary>A filter that compares properties of a message; those that are null are not compared, and the rest must all be equal.</summary>
internal sealed record CorrelationFilter
{
    public string? ContentType { get; init; }
    public string? CorrelationId { get; init; }
    public string? Subject { get; init; }
    public string? MessageId { get; init; }
    public string? ReplyTo { get; init; }
    public string? ReplyToSessionId { get; init; }
    public string? SessionId { get; init; }
    public string? To { get; init; }

    /// <summary>Application properties; their types count.</summary>
    public IReadOnlyDictionary<string, object> Properties { get; init; } = SentMessage.NoProperties;

    public bool Matches(SentMessage message)
        => Equal(ContentType, message.ContentType)
            && Equal(CorrelationId, message.CorrelationId)
            && Equal(Subject, message.Subject)
            && Equal(MessageId, message.MessageId)
            && Equal(ReplyTo, message.ReplyTo)
            && Equal(ReplyToSessionId, message.ReplyToSessionId)
            && Equal(SessionId, message.SessionId)
            && Equal(To, message.To)
            && Properties.All(wanted => message.Properties.TryGetValue(wanted.Key, out var value) && wanted.Value.Equals(value));

    private static bool Equal(string? wanted, string? actual) => wanted is null || string.Equals(wanted, actual, StringComparison.Ordinal);
}
