namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Refuses a configuration whose messages would be forwarded to nowhere, or round and round.</summary>
internal static class ForwardingCheck
{
    /// <exception cref="InvalidDataException">A target is not there or cannot be one, or messages would come back to where they were.</exception>
    public static void Check(IReadOnlyList<ConfiguredEntity> entities)
    {
        var byName = entities.ToDictionary(entity => entity.Definition.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var entity in entities)
        {
            CheckTarget(entity, entity.Definition.ForwardTo, "ForwardTo", byName);
            CheckTarget(entity, entity.Definition.ForwardDeadLetteredMessagesTo, "ForwardDeadLetteredMessagesTo", byName);
            if (entity.Definition is { RequiresSession: true, ForwardTo: not null })
            {
                throw Property(entity, "ForwardTo").Invalid("an entity that requires sessions cannot forward its messages");
            }
        }
        foreach (var entity in entities)
        {
            Follow([entity], byName);
        }
    }

    private static void CheckTarget(
        ConfiguredEntity entity, string? target, string property, Dictionary<string, ConfiguredEntity> byName)
    {
        if (target is null)
        {
            return;
        }
        if (!byName.TryGetValue(target, out var found))
        {
            throw Property(entity, property).Invalid($"there is no queue or topic '{target}'");
        }
        if (found.Definition.Kind == EntityKind.Subscription)
        {
            throw Property(entity, property).Invalid($"'{target}' is a subscription; messages can be forwarded to a queue or a topic");
        }
    }

    /// <summary>Looks at all ways on from the last entity of a way.</summary>
    private static void Follow(List<ConfiguredEntity> way, Dictionary<string, ConfiguredEntity> byName)
    {
        foreach (var (property, target) in TargetsOf(way[^1].Definition, byName))
        {
            if (target == way[0].Definition)
            {
                var names = way.Select(entity => entity.Definition.Name).Append(target.Name);
                throw Property(way[^1], property).Invalid($"messages would come back to where they were: {string.Join(" -> ", names)}");
            }
            // A circle that the way leads into, but does not begin in, is found from one of its own entities.
            if (!way.Exists(entity => entity.Definition == target))
            {
                Follow([.. way, byName[target.Name]], byName);
            }
        }
    }

    private static IEnumerable<(string? Property, QueueDefinition Target)> TargetsOf(
        QueueDefinition definition, Dictionary<string, ConfiguredEntity> byName)
    {
        if (definition.ForwardTo is { } target)
        {
            yield return ("ForwardTo", byName[target].Definition);
        }
        if (definition.ForwardDeadLetteredMessagesTo is { } deadLetterTarget)
        {
            yield return ("ForwardDeadLetteredMessagesTo", byName[deadLetterTarget].Definition);
        }
        if (definition.Kind == EntityKind.Topic)
        {
            var subscriptions = byName.Values.Select(entity => entity.Definition).Where(other => other.Kind == EntityKind.Subscription
                && QueuePath.TopLevelOf(other.Name).Equals(definition.Name, StringComparison.OrdinalIgnoreCase));
            foreach (var subscription in subscriptions)
            {
                yield return (null, subscription);
            }
        }
    }

    private static ConfigNode Property(ConfiguredEntity entity, string? property)
        => property is null ? entity.Node : entity.Node.Required("Properties").Required(property);
}
