using System.Collections.Immutable;

namespace Microsoft.DurableTask;

/// <summary>Options of a new orchestration.</summary>
public record StartOrchestrationOptions
{
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (InstanceId, StartAt, Tags, Version, DedupeStatuses) =
            (options.InstanceId, options.StartAt, options.Tags, options.Version, options.DedupeStatuses);
    }

    /// <summary>Id of the new instance; random unless set.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The orchestrator first runs at this time; at once unless set.</summary>
    public DateTimeOffset? StartAt { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    public TaskVersion? Version { get; init; }

    /// <summary>Names of the statuses in which an existing instance of the same id is kept, and the new one refused.</summary>
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}
