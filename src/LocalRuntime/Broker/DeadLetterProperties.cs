namespace ModelJobs.LocalRuntime.Broker;

/// <summary>The application properties that say why a message was dead-lettered, and the reasons that the broker gives itself.</summary>
internal static class DeadLetterProperties
{
    public const string Reason = "DeadLetterReason";
    public const string ErrorDescription = "DeadLetterErrorDescription";

    public const string MaxDeliveryCountExceeded = "MaxDeliveryCountExceeded";
    public const string TimeToLiveExpired = "TTLExpiredException";
}
