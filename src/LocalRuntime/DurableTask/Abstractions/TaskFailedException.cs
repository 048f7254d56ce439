namespace Microsoft.DurableTask;

/// <summary>What an orchestrator gets from awaiting an activity or sub-orchestration that failed.</summary>
public sealed class TaskFailedException : Exception
{
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base(Describe(taskName, taskId, failureDetails.ErrorMessage))
        => (TaskName, TaskId, FailureDetails) = (taskName, taskId, failureDetails);

    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : base(Describe(taskName, taskId, innerException.Message), innerException)
        => (TaskName, TaskId, FailureDetails) = (taskName, taskId, TaskFailureDetails.FromException(innerException));

    public string TaskName { get; }

    /// <summary>Sequence number of the call in its orchestration.</summary>
    public int TaskId { get; }

    public TaskFailureDetails FailureDetails { get; }

    /// <summary>Whether trying again is of no use, whatever a retry policy says.</summary>
    internal bool IsNonRetriable { get; init; }

    private static string Describe(string taskName, int taskId, string reason)
        => $"Task '{taskName}' (#{taskId}) failed with an unhandled exception: {reason}";
}
