namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Reads one queue of a Config.json, with the service's defaults and within its limits.</summary>
internal static class QueueDefinitionReader
{
    /// <summary>What a queue and a subscription can both have.</summary>
    private static readonly string[] ReceivingProperties =
    [
        "LockDuration", "MaxDeliveryCount", "RequiresSession", "DefaultMessageTimeToLive", "DeadLetteringOnMessageExpiration", "ForwardTo",
        "ForwardDeadLetteredMessagesTo",
    ];

    /// <summary>What a queue and a topic can both have.</summary>
    private static readonly string[] AcceptingProperties =
        ["RequiresDuplicateDetection", "DuplicateDetectionHistoryTimeWindow", "DefaultMessageTimeToLive"];

    /// <exception cref="InvalidDataException">A property is missing, unknown, not supported or out of range.</exception>
    public static QueueDefinition Read(ConfigNode queue)
    {
        queue.AllowOnly("Name", "Properties");
        var definition = new QueueDefinition { Name = ReadName(queue.Required("Name"), "queue") };
        if (queue.Optional("Properties") is not { } properties)
        {
            return definition;
        }
        properties.AllowOnly([.. ReceivingProperties, .. AcceptingProperties]);
        return ReadReceiving(properties, ReadAccepting(properties, definition));
    }

    /// <summary>Reads the properties of a topic.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static QueueDefinition ReadTopic(ConfigNode properties, QueueDefinition definition)
    {
        properties.AllowOnly(AcceptingProperties);
        return ReadAccepting(properties, definition);
    }

    /// <summary>Reads the properties of a subscription.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static QueueDefinition ReadSubscription(ConfigNode properties, QueueDefinition definition)
    {
        properties.AllowOnly(ReceivingProperties);
        return ReadReceiving(properties, definition);
    }

    /// <inheritdoc cref="Read" path="/exception"/>
    public static string ReadName(ConfigNode node, string what)
    {
        var name = node.Text();
        var isValid = name.Length is > 0 and <= BrokerLimits.MaxQueueNameLength
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/')
            && char.IsAsciiLetterOrDigit(name[0])
            && char.IsAsciiLetterOrDigit(name[^1])
            && QueuePath.TopLevelOf(name) == name;
        return isValid
            ? name
            : throw node.Invalid($"'{name}' is not a {what} name: up to {BrokerLimits.MaxQueueNameLength} letters, digits, and " +
                "'.', '-', '_' or '/' between them, and not as the path of a subscription");
    }

    private static QueueDefinition ReadAccepting(ConfigNode properties, QueueDefinition defaults) => defaults with
    {
        RequiresDuplicateDetection = Flag(properties, "RequiresDuplicateDetection", defaults.RequiresDuplicateDetection),
        DuplicateDetectionHistoryTimeWindow = Duration(
            properties, "DuplicateDetectionHistoryTimeWindow", defaults.DuplicateDetectionHistoryTimeWindow,
            BrokerLimits.MinDuplicateDetectionWindow, BrokerLimits.MaxDuplicateDetectionWindow),
        DefaultMessageTimeToLive = Duration(
            properties, "DefaultMessageTimeToLive", defaults.DefaultMessageTimeToLive, BrokerLimits.MinTimeToLive, TimeSpan.MaxValue),
    };

    private static QueueDefinition ReadReceiving(ConfigNode properties, QueueDefinition defaults) => defaults with
    {
        LockDuration = Duration(properties, "LockDuration", defaults.LockDuration, BrokerLimits.MinLockDuration, BrokerLimits.MaxLockDuration),
        MaxDeliveryCount =
            properties.Optional("MaxDeliveryCount")?.Integer(1, BrokerLimits.MaxMaxDeliveryCount) ?? defaults.MaxDeliveryCount,
        RequiresSession = Flag(properties, "RequiresSession", defaults.RequiresSession),
        DefaultMessageTimeToLive = Duration(
            properties, "DefaultMessageTimeToLive", defaults.DefaultMessageTimeToLive, BrokerLimits.MinTimeToLive, TimeSpan.MaxValue),
        DeadLetteringOnMessageExpiration = Flag(
            properties, "DeadLetteringOnMessageExpiration", defaults.DeadLetteringOnMessageExpiration),
        ForwardTo = Entity(properties, "ForwardTo"),
        ForwardDeadLetteredMessagesTo = Entity(properties, "ForwardDeadLetteredMessagesTo"),
    };

    private static TimeSpan Duration(ConfigNode properties, string name, TimeSpan byDefault, TimeSpan min, TimeSpan max)
        => properties.Optional(name)?.Duration(min, max) ?? byDefault;

    private static bool Flag(ConfigNode properties, string name, bool byDefault) => properties.Optional(name)?.Boolean() ?? byDefault;

    /// <summary>The name of another entity; null if it is empty.</summary>
    private static string? Entity(ConfigNode properties, string name)
        => properties.Optional(name)?.Text() is { Length: > 0 } entity ? entity : null;
}
