using DurableTask.Core.Tracing;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>What the engine runs: the worker offers its orchestrator and activity functions here.</summary>
internal interface ITaskInvoker
{
    /// <summary>Finds an orchestrator by name (case-insensitive).</summary>
    /// <returns>
    /// A function that runs the orchestrator and returns its result, not yet serialized; null if there is none of that name. It is
    /// called anew for every turn, on the engine's task scheduler. Whatever wraps the orchestrator may await nothing but the
    /// orchestrator itself: the engine fails an orchestration that waits for a task which its context did not create.
    /// </returns>
    Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name);

    /// <summary>Runs an activity to its end.</summary>
    /// <param name="name">Name of the activity function (case-insensitive).</param>
    /// <param name="instanceId">The orchestration that called it.</param>
    /// <param name="input">Its input as JSON; null if it was called without.</param>
    /// <param name="trace">The trace that the orchestration belongs to; null if it belongs to none.</param>
    /// <param name="cancellationToken">Set when the host stops. An activity that throws then is run again after the next start.</param>
    /// <returns>Its result as JSON; null if it returns nothing.</returns>
    /// <exception cref="Exception">What the activity threw, as it was thrown; the engine makes TaskFailureDetails of it.</exception>
    Task<string?> RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken);
}
