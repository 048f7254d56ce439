using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>When an id can be taken from an instance that has it.</summary>
internal static class ReusePolicy
{
    private static readonly HashSet<OrchestrationRuntimeStatus> Running =
        [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <param name="dedupeStatuses">Names of statuses, as a caller gives them; null if it gives none.</param>
    /// <param name="canReplaceRunning">What host.json says of instances that run, for callers that give none.</param>
    /// <returns>The statuses in which an instance keeps its id.</returns>
    /// <exception cref="ArgumentException">A name is not that of a status.</exception>
    public static IReadOnlySet<OrchestrationRuntimeStatus> KeptStatuses(IEnumerable<string>? dedupeStatuses, bool canReplaceRunning)
    {
        if (dedupeStatuses is null)
        {
            return canReplaceRunning ? new HashSet<OrchestrationRuntimeStatus>() : Running;
        }

        return dedupeStatuses
            .Select(static name => Enum.TryParse<OrchestrationRuntimeStatus>(name, ignoreCase: true, out var status)
                ? status
                : throw new ArgumentException($"'{name}' is not a status of an orchestration.", nameof(dedupeStatuses)))
            .ToHashSet();
    }
}
