using System.Text.Json;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Reads queues from a file in the official Service Bus emulator's Config.json format, such as infra/servicebus.json. What the broker
/// does not do (topics, forwarding) and what no one knows (a misspelt property) is refused, never ignored.
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
            return ReadQueues(new ConfigNode(document.RootElement, ""));
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

    private static List<QueueDefinition> ReadQueues(ConfigNode root)
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
        if (only.Optional("Topics") is { } topics && topics.Items().Count > 0)
        {
            throw topics.Invalid("topics are not supported; use queues");
        }
        var queues = only.Optional("Queues")?.Items() ?? [];
        var definitions = new List<QueueDefinition>(queues.Count);
        foreach (var queue in queues)
        {
            var definition = QueueDefinitionReader.Read(queue);
            if (definitions.Any(other => string.Equals(other.Name, definition.Name, StringComparison.OrdinalIgnoreCase)))
            {
                throw queue.Required("Name").Invalid($"there are two queues named '{definition.Name}' (case does not matter)");
            }
            definitions.Add(definition);
        }
        return definitions;
    }
}
