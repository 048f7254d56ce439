using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>State of one orchestration. Only <see cref="TaskHub"/> changes it.</summary>
internal sealed class Instance(string id, long execution, ExecutionStarted started)
{
    public string Id { get; } = id;

    public string Name { get; } = started.Name;

    public string Version { get; } = started.Version;

    public ParentLink? Parent { get; } = started.Parent;

    public IReadOnlyDictionary<string, string>? Tags { get; } = started.Tags;

    public DateTime CreatedAt { get; } = started.Timestamp;

    public DateTime LastUpdatedAt { get; set; } = started.Timestamp;

    /// <summary>Number of the current execution, unique in the hub.</summary>
    public long Execution { get; set; } = execution;

    public string? Input { get; set; } = started.Input;

    public string? CustomStatus { get; set; }

    public bool HasStarted { get; set; }

    public bool IsSuspended { get; set; }

    /// <summary>How it ended; null while it has not.</summary>
    public ExecutionCompleted? Completion { get; set; }

    /// <summary>History of the current execution. Turns read it without a lock, so it is only appended to, or replaced.</summary>
    public List<HistoryEvent> History { get; set; } = [];

    /// <summary>Messages for the next turn, oldest first.</summary>
    public List<HistoryEvent> Inbox { get; } = [];

    /// <summary>Requests of the current execution that have no answer yet.</summary>
    public HashSet<int> Open { get; } = [];

    public Dictionary<int, DueTimer> Timers { get; } = [];

    /// <summary>Instances that this one has started, in any execution.</summary>
    public HashSet<string> Children { get; } = [];

    public bool IsRunnable => Completion is null && Inbox.Count > 0;

    public OrchestrationRuntimeStatus Status => this switch
    {
        { Completion.Status: CompletionStatus.Completed } => OrchestrationRuntimeStatus.Completed,
        { Completion.Status: CompletionStatus.Failed } => OrchestrationRuntimeStatus.Failed,
        { Completion: not null } => OrchestrationRuntimeStatus.Terminated,
        { IsSuspended: true } => OrchestrationRuntimeStatus.Suspended,
        { HasStarted: true } => OrchestrationRuntimeStatus.Running,
        _ => OrchestrationRuntimeStatus.Pending,
    };

    /// <summary>What is kept of the instance besides its lists.</summary>
    public InstanceHead ToHead() => new()
    {
        Id = Id,
        Execution = Execution,
        Started = new ExecutionStarted(CreatedAt, Name, Input) { Version = Version, Parent = Parent, Tags = Tags },
        LastUpdatedAt = LastUpdatedAt,
        CustomStatus = CustomStatus,
        HasStarted = HasStarted,
        IsSuspended = IsSuspended,
        Completion = Completion,
    };

    /// <param name="converter">Given if inputs and outputs are wanted; it will read them.</param>
    public OrchestrationMetadata ToMetadata(DataConverter? converter)
    {
        var full = converter is not null;
        return new OrchestrationMetadata(Name, Id)
        {
            DataConverter = converter,
            RuntimeStatus = Status,
            CreatedAt = CreatedAt,
            LastUpdatedAt = LastUpdatedAt,
            SerializedInput = full ? Input : null,
            SerializedOutput = full ? Completion?.Result : null,
            SerializedCustomStatus = full ? CustomStatus : null,
            FailureDetails = full ? Completion?.Failure : null,
            Tags = Tags ?? new Dictionary<string, string>(),
        };
    }
}
