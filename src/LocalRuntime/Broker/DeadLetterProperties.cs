namespace ModelJobs.LocalRuntime.Broker;

/// <summary>The application properties that say why a message was dead-lettered, and the reasons that the broker gives itself.</summary>
internal static class DeadLetterProperties
{
    public const string Reason = "DeadLetterReason";
    public const string ErrorDescription = "DeadLetterErrorDescription";

    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";
    public const string TimeToLiveExpired = "TTLExpiredException";
    public const string MaxTransferHopCountExceeded = "MaxTransferHopCountExceeded";
    public const string NoSessionId = "Session ID is null.";

    /// <summary>The queue to which a message should have been forwarded has no room for it.</summary>
    public const string QuotaExceeded = "QuotaExceeded";

    /// <summary>The changes to a message that is dead-lettered: what its receiver set, and why.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The reason or the description is too long.</exception>
    public static IReadOnlyDictionary<string, object> Because(
        string? reason, string? description, IReadOnlyDictionary<string, object>? changes = null)
    {
        var all = new Dictionary<string, object>(changes ?? SentMessage.NoProperties);
        Add(Reason, reason);
        Add(ErrorDescription, description);
        return all;

        void Add(string name, string? text)
        {
            if (text is not null)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, BrokerLimits.MaxDeadLetterTextLength, name);
                all[name] = text;
            }
        }
    }
}
