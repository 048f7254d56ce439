using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Finds instances of a task hub.</summary>
internal static class InstanceQueries
{
    /// <summary>One page of a query, in the order of ids; the token is the last id of the page before.</summary>
    public static Page<OrchestrationMetadata> Page(TaskHub hub, OrchestrationQuery query, DataConverter converter)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.PageSize);
        var statuses = query.Statuses?.ToHashSet();
        var found = hub.Instances
            .Where(instance => query.ContinuationToken is null || string.CompareOrdinal(instance.Id, query.ContinuationToken) > 0)
            .Where(instance => query.InstanceIdPrefix is null || instance.Id.StartsWith(query.InstanceIdPrefix, StringComparison.Ordinal))
            .Where(instance => Matches(instance, query.CreatedFrom, query.CreatedTo, statuses))
            .Take(query.PageSize + 1)
            .ToList();
        var hasMore = found.Count > query.PageSize;
        var page = found.Take(query.PageSize)
            .Select(instance => instance.ToMetadata(query.FetchInputsAndOutputs ? converter : null))
            .ToList();
        return new Page<OrchestrationMetadata>(page, hasMore ? page[^1].InstanceId : null);
    }

    public static List<Instance> Completed(TaskHub hub, PurgeInstancesFilter filter)
    {
        var statuses = filter.Statuses?.ToHashSet();
        return [.. hub.Instances.Where(instance
            => instance.Completion is not null && Matches(instance, filter.CreatedFrom, filter.CreatedTo, statuses))];
    }

    /// <summary>An instance and, if wanted, the instances that it started, and so on; none if it does not exist.</summary>
    public static List<Instance> Family(TaskHub hub, string instanceId, bool isRecursive)
    {
        List<Instance> family = hub.Find(instanceId) is { } root ? [root] : [];
        for (var i = 0; isRecursive && i < family.Count; i++)
        {
            // A child's id can be taken by another instance since.
            family.AddRange(family[i].Children.Select(hub.Find).OfType<Instance>().Where(child => child.Parent?.OrchestrationInstance.InstanceId == family[i].Id));
        }

        return family;
    }

    private static bool Matches(
        Instance instance, DateTimeOffset? from, DateTimeOffset? to, HashSet<OrchestrationRuntimeStatus>? statuses)
        => (from is null || instance.CreatedAt >= from)
            && (to is null || instance.CreatedAt <= to)
            && (statuses is null or { Count: 0 } || statuses.Contains(instance.Status));
}
