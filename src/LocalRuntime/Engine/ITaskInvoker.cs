using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>What the engine runs: the worker offers its orchestrator and activity functions here.</summary>
internal interface ITaskInvoker
{
    /// <summary>Finds an orchestrator by name (case-insensitive). It is run anew for every replay, on the engine's scheduler.</summary>
    /// <returns>A function that runs the orchestrator and returns its result, not yet serialized; null if there is none of that name.</returns>
    Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name);

    /// <summary>Runs an activity to its end.</summary>
    /// <param name="name">Name of the activity function (case-insensitive).</param>
    /// <param name="instanceId">The orchestration that called it.</param>
    /// <param name="input">Its input as JSON; null if it was called without.</param>
    /// <param name="cancellationToken">Set when the host stops.</param>
    /// <returns>Its result as JSON; null if it returns nothing.</returns>
    /// <exception cref="Exception">What the activity threw, as it was thrown; the engine makes TaskFailureDetails of it.</exception>
    Task<string?> RunActivityAsync(string name, string instanceId, string? input, CancellationToken cancellationToken);
}
