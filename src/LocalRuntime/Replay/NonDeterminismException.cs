namespace ModelJobs.LocalRuntime.Replay;

/// <summary>Today's code of an orchestrator does not do what a recorded history says it did. The message names the spot.</summary>
public sealed class NonDeterminismException : Exception
{
    internal NonDeterminismException(OrchestrationHistory history, string message)
        : base(message)
    {
        Orchestrator = history.Name;
        InstanceId = history.InstanceId;
    }

    /// <summary>Name of the orchestrator.</summary>
    public string Orchestrator { get; }

    /// <summary>Id of the orchestration whose history it is.</summary>
    public string InstanceId { get; }
}
