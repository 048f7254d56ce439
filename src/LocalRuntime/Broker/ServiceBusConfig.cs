using System.Text.Json;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Reads queues, topics and subscriptions from a file in the official Service Bus emulator's Config.json format, such as
/// infra/servicebus.json. What the broker does not do (SQL filters) and what no one knows (a misspelt property) is refused, never ignored.
/// </summary>
internal static class ServiceBusConfig
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="InvalidDataException">The file is not a valid configuration; the message says where and why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<QueueDefinition> Read(string path) => Parse(File.ReadAllText(path), path);

    /// <param name="json">The configuration.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static IReadOnlyList<QueueDefinition> Parse(string json, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            return ReadEntities(new ConfigNode(document.RootElement, ""));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{source} is not valid JSON: {e.Message}", e);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{source}: {e.Message}", e);
        }
    }

    private static List<QueueDefinition> ReadEntities(ConfigNode root)
    {
        root.AllowOnly("UserConfig");
        var user = root.Required("UserConfig");
        user.AllowOnly("Namespaces", "Logging");
        var namespaces = user.Required("Namespaces").Items();
        if (namespaces is not [var only])
        {
            throw user.Required("Namespaces").Invalid("there must be exactly one namespace, as in the official emulator");
        }
        only.AllowOnly("Name", "Queues", "Topics");
        var entities = new List<ConfiguredEntity>();
        foreach (var queue in only.Optional("Queues")?.Items() ?? [])
        {
            Add(QueueDefinitionReader.Read(queue), queue);
        }
        foreach (var topic in only.Optional("Topics")?.Items() ?? [])
        {
            var definition = TopicDefinitionReader.Read(topic);
            Add(definition, topic);
            foreach (var subscription in TopicDefinitionReader.SubscriptionsOf(topic))
            {
                Add(TopicDefinitionReader.ReadSubscription(definition, subscription), subscription);
            }
        }
        ForwardingCheck.Check(entities);
        return entities.ConvertAll(entity => entity.Definition);

        void Add(QueueDefinition definition, ConfigNode node)
        {
            if (entities.Any(other => string.Equals(other.Definition.Name, definition.Name, StringComparison.OrdinalIgnoreCase)))
            {
                throw node.Required("Name").Invalid($"there are two entities named '{definition.Name}' (case does not matter)");
            }
            entities.Add(new ConfiguredEntity(definition, node));
        }
    }
}

/// <summary>A queue, topic or subscription, and where it is configured.</summary>
internal readonly record struct ConfiguredEntity(QueueDefinition Definition, ConfigNode Node);
