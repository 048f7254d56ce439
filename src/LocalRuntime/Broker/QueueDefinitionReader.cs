namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Reads one queue of a Config.json, with the service's defaults and within its limits.</summary>
internal static class QueueDefinitionReader
{
    /// <exception cref="InvalidDataException">A property is missing, unknown, not supported or out of range.</exception>
    public static QueueDefinition Read(ConfigNode queue)
    {
        queue.AllowOnly("Name", "Properties");
        var defaults = new QueueDefinition { Name = ReadName(queue.Required("Name")) };
        if (queue.Optional("Properties") is not { } properties)
        {
            return defaults;
        }
        properties.AllowOnly(
            "LockDuration", "MaxDeliveryCount", "RequiresSession", "RequiresDuplicateDetection", "DuplicateDetectionHistoryTimeWindow",
            "DefaultMessageTimeToLive", "DeadLetteringOnMessageExpiration", "ForwardTo", "ForwardDeadLetteredMessagesTo");
        RefuseForwarding(properties, "ForwardTo");
        RefuseForwarding(properties, "ForwardDeadLetteredMessagesTo");
        return defaults with
        {
            LockDuration = Duration(
                properties, "LockDuration", defaults.LockDuration, BrokerLimits.MinLockDuration, BrokerLimits.MaxLockDuration),
            MaxDeliveryCount =
                properties.Optional("MaxDeliveryCount")?.Integer(1, BrokerLimits.MaxMaxDeliveryCount) ?? defaults.MaxDeliveryCount,
            RequiresSession = Flag(properties, "RequiresSession", defaults.RequiresSession),
            RequiresDuplicateDetection = Flag(properties, "RequiresDuplicateDetection", defaults.RequiresDuplicateDetection),
            DuplicateDetectionHistoryTimeWindow = Duration(
                properties,
                "DuplicateDetectionHistoryTimeWindow",
                defaults.DuplicateDetectionHistoryTimeWindow,
                BrokerLimits.MinDuplicateDetectionWindow,
                BrokerLimits.MaxDuplicateDetectionWindow),
            DefaultMessageTimeToLive = Duration(
                properties, "DefaultMessageTimeToLive", defaults.DefaultMessageTimeToLive, BrokerLimits.MinTimeToLive, TimeSpan.MaxValue),
            DeadLetteringOnMessageExpiration = Flag(
                properties, "DeadLetteringOnMessageExpiration", defaults.DeadLetteringOnMessageExpiration),
        };
    }

    private static string ReadName(ConfigNode node)
    {
        var name = node.Text();
        var isValid = name.Length is > 0 and <= BrokerLimits.MaxQueueNameLength
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/')
            && char.IsAsciiLetterOrDigit(name[0])
            && char.IsAsciiLetterOrDigit(name[^1]);
        return isValid
            ? name
            : throw node.Invalid($"'{name}' is not a queue name: up to {BrokerLimits.MaxQueueNameLength} letters, digits, and " +
                "'.', '-', '_' or '/' between them");
    }

    private static TimeSpan Duration(ConfigNode properties, string name, TimeSpan byDefault, TimeSpan min, TimeSpan max)
        => properties.Optional(name)?.Duration(min, max) ?? byDefault;

    private static bool Flag(ConfigNode properties, string name, bool byDefault) => properties.Optional(name)?.Boolean() ?? byDefault;

    private static void RefuseForwarding(ConfigNode properties, string name)
    {
        if (properties.Optional(name) is { } forward && forward.Text().Length > 0)
        {
            throw forward.Invalid("forwarding is not supported; leave it empty");
        }
    }
}
