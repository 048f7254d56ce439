namespace Microsoft.DurableTask.Client;

/// <param name="Recursive">Whether the sub-orchestrations are purged too.</param>
public record PurgeInstanceOptions(bool Recursive = false);

/// <summary>Which of the completed instances to purge; what is not set does not restrict.</summary>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null);

/// <param name="Output">Becomes the output of the terminated instance.</param>
/// <param name="Recursive">Whether the sub-orchestrations are terminated too.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);
