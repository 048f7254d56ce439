namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Reads one topic of a Config.json with its subscriptions and their rules.</summary>
internal static class TopicDefinitionReader
{
    /// <summary>The SQL that the service's own true and false filters stand for.</summary>
    private const string True = "1=1", False = "1=0";

    /// <exception cref="InvalidDataException">A property is missing, unknown, not supported or out of range.</exception>
    public static QueueDefinition Read(ConfigNode topic)
    {
        topic.AllowOnly("Name", "Properties", "Subscriptions");
        var definition = new QueueDefinition
        {
            Name = QueueDefinitionReader.ReadName(topic.Required("Name"), "topic"),
            Kind = EntityKind.Topic,
        };
        return topic.Optional("Properties") is { } properties ? QueueDefinitionReader.ReadTopic(properties, definition) : definition;
    }

    /// <inheritdoc cref="Read" path="/exception"/>
    public static IReadOnlyList<ConfigNode> SubscriptionsOf(ConfigNode topic)
    {
        var subscriptions = topic.Optional("Subscriptions")?.Items() ?? [];
        return subscriptions.Count <= BrokerLimits.MaxSubscriptions
            ? subscriptions
            : throw topic.Required("Subscriptions").Invalid($"a topic has at most {BrokerLimits.MaxSubscriptions} subscriptions");
    }

    /// <inheritdoc cref="Read" path="/exception"/>
    public static QueueDefinition ReadSubscription(QueueDefinition topic, ConfigNode subscription)
    {
        subscription.AllowOnly("Name", "Properties", "Rules");
        var definition = new QueueDefinition
        {
            Name = QueuePath.OfSubscription(topic.Name, ReadSubscriptionName(subscription.Required("Name"))),
            Kind = EntityKind.Subscription,
            // The topic bounds the time to live of what its subscriptions hold.
            DefaultMessageTimeToLive = topic.DefaultMessageTimeToLive,
        };
        if (subscription.Optional("Properties") is { } properties)
        {
            var own = QueueDefinitionReader.ReadSubscription(properties, definition);
            definition = own.DefaultMessageTimeToLive < topic.DefaultMessageTimeToLive
                ? own
                : own with { DefaultMessageTimeToLive = topic.DefaultMessageTimeToLive };
        }
        var rules = subscription.Optional("Rules")?.Items() ?? [];
        return rules.Count == 0 ? definition : definition with { Rules = [.. rules.Select(ReadRule)] };
    }

    private static string ReadSubscriptionName(ConfigNode node)
    {
        var name = node.Text();
        var isValid = name.Length is > 0 and <= BrokerLimits.MaxSubscriptionNameLength
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            && char.IsAsciiLetterOrDigit(name[0])
            && char.IsAsciiLetterOrDigit(name[^1]);
        return isValid
            ? name
            : throw node.Invalid($"'{name}' is not a subscription name: up to {BrokerLimits.MaxSubscriptionNameLength} letters, digits, and " +
                "'.', '-' or '_' between them");
    }

    private static SubscriptionRule ReadRule(ConfigNode rule)
    {
        rule.AllowOnly("Name", "Properties");
        var name = rule.Required("Name").Text();
        var properties = rule.Required("Properties");
        properties.AllowOnly("FilterType", "CorrelationFilter", "SqlFilter", "Action");
        if (properties.Optional("Action") is { } action)
        {
            throw action.Invalid("rule actions are not supported");
        }
        var type = properties.Required("FilterType");
        return type.Text() switch
        {
            "Correlation" => new SubscriptionRule(name, ReadCorrelation(properties.Required("CorrelationFilter"))),
            "Sql" => new SubscriptionRule(name, ReadSql(properties.Required("SqlFilter"))),
            var other => throw type.Invalid($"'{other}' is not a filter type; use Correlation"),
        };
    }

    private static CorrelationFilter? ReadSql(ConfigNode filter)
    {
        filter.AllowOnly("SqlExpression");
        var expression = filter.Required("SqlExpression");
        return expression.Text().Replace(" ", "", StringComparison.Ordinal) switch
        {
            True => new CorrelationFilter(),
            False => null,
            _ => throw expression.Invalid($"SQL filters other than {True} and {False} are not supported; use a correlation filter"),
        };
    }

    private static CorrelationFilter ReadCorrelation(ConfigNode filter)
    {
        filter.AllowOnly(
            "ContentType", "CorrelationId", "Label", "MessageId", "ReplyTo", "ReplyToSessionId", "SessionId", "To", "Properties");
        var read = new CorrelationFilter
        {
            ContentType = filter.Optional("ContentType")?.Text(),
            CorrelationId = filter.Optional("CorrelationId")?.Text(),
            Subject = filter.Optional("Label")?.Text(),
            MessageId = filter.Optional("MessageId")?.Text(),
            ReplyTo = filter.Optional("ReplyTo")?.Text(),
            ReplyToSessionId = filter.Optional("ReplyToSessionId")?.Text(),
            SessionId = filter.Optional("SessionId")?.Text(),
            To = filter.Optional("To")?.Text(),
            Properties = filter.Optional("Properties")?.Members().ToDictionary(member => member.Key, member => (object)member.Value.Text())
                ?? SentMessage.NoProperties,
        };
        return read != new CorrelationFilter() ? read : throw filter.Invalid("it compares nothing, so every message would match");
    }
}
