using System.Collections.Immutable;
using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>State of one orchestration. Only <see cref="TaskHub"/> changes it.</summary>
internal sealed class Instance(string id, long execution, ExecutionStartedEvent started)
{
    public string Id { get; } = id;

    /// <summary>Number of the current execution, unique in the hub.</summary>
    public long Execution { get; set; } = execution;

    /// <summary>How the current execution began.</summary>
    public ExecutionStartedEvent Started { get; set; } = started;

    public string Name => Started.Name;

    public string Version => Started.Version ?? "";

    public string? Input => Started.Input;

    public ParentInstance? Parent => Started.ParentInstance;

    /// <summary>When the current execution was made, as in Azure: each ContinueAsNew counts.</summary>
    public DateTime CreatedAt => Started.Timestamp;

    public DateTime LastUpdatedAt { get; set; } = started.Timestamp;

    public string? CustomStatus { get; set; }

    public bool HasStarted { get; set; }

    public bool IsSuspended { get; set; }

    /// <summary>How it ended; null while it has not.</summary>
    public ExecutionCompletedEvent? Completion { get; set; }

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
        { Completion.OrchestrationStatus: OrchestrationStatus.Completed } => OrchestrationRuntimeStatus.Completed,
        { Completion.OrchestrationStatus: OrchestrationStatus.Failed } => OrchestrationRuntimeStatus.Failed,
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
        Started = Started,
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
            FailureDetails = full ? Completion?.FailureDetails?.ToTaskFailureDetails() : null,
            Tags = Started.Tags?.ToImmutableDictionary() ?? ImmutableDictionary<string, string>.Empty,
        };
    }
}
