using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>Runs single turns of the orchestrator on the engine, and words what is wrong with them.</summary>
internal sealed class ReplayTurns(
    OrchestrationHistory history, Func<TaskOrchestrationContext, Task<object?>> orchestrator, DataConverter converter)
{
    private const string Advice =
        " Orchestrations of the old version that run while this code is deployed would fail. Keep the old path for them (compare "
        + "context.Version), give the changed orchestrator a new name, or let them end before the deployment.";

    /// <param name="started">How the execution started.</param>
    /// <param name="past">The turns before, to be replayed.</param>
    /// <param name="messages">What the turn receives.</param>
    /// <param name="now">The time of the turn, UTC.</param>
    /// <exception cref="NonDeterminismException">The code does not do what the turns before say.</exception>
    public ReplayedTurn Run(ExecutionStartedEvent started, List<HistoryEvent> past, IReadOnlyList<HistoryEvent> messages, DateTime now)
    {
        var instance = new Instance(history.InstanceId, execution: 1, started) { History = past };
        var turn = new OrchestratorTurn(
            instance, messages, now, defaultVersion: "", _ => orchestrator, converter, NullLoggerFactory.Instance).Run();
        var replayed = new ReplayedTurn([.. turn.Events]);
        if (replayed.Ending?.FailureDetails is { } failure
            && failure.ErrorType == typeof(NonDeterministicOrchestrationException).ToString())
        {
            throw new NonDeterminismException(history, failure.ErrorMessage + Advice);
        }

        return replayed;
    }

    public NonDeterminismException Mismatch(string recorded, string replayed) => new(
        history,
        $"Non-deterministic orchestrator '{history.Name}', instance '{history.InstanceId}': its history {recorded}, but the replayed code "
        + $"{replayed}.{Advice}");

    /// <exception cref="NonDeterminismException">The code ended, or did not, where the history says otherwise.</exception>
    public void CheckEnding(OrchestrationStatus? recorded, ExecutionCompletedEvent? replayed)
    {
        if (recorded != replayed?.OrchestrationStatus)
        {
            var failure = replayed?.FailureDetails is { } details ? $" ({details})" : "";
            throw Mismatch(Ending(recorded), Ending(replayed?.OrchestrationStatus) + failure);
        }
    }

    private static string Ending(OrchestrationStatus? ending) => ending switch
    {
        null => "waits for more",
        OrchestrationStatus.ContinuedAsNew => "continues as new",
        OrchestrationStatus.Completed => "completes",
        OrchestrationStatus.Failed => "fails",
        _ => "is terminated",
    };
}

/// <summary>What came of a turn.</summary>
/// <param name="Events">What the history gains.</param>
internal sealed record ReplayedTurn(List<HistoryEvent> Events)
{
    /// <summary>What the orchestrator asked for.</summary>
    public IEnumerable<HistoryEvent> Requests => Events.Where(e => ActionKey.Of(e) is not null);

    /// <summary>How the execution ended; null if it did not.</summary>
    public ExecutionCompletedEvent? Ending => Events.OfType<ExecutionCompletedEvent>().FirstOrDefault();
}
