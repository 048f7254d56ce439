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
    public ReplayedTurn Run(ExecutionStarted started, List<HistoryEvent> past, IReadOnlyList<HistoryEvent> messages, DateTime now)
    {
        var instance = new Instance(history.InstanceId, execution: 1, started) { History = past };
        var events = new OrchestratorTurn(instance, messages, now, _ => orchestrator, converter, NullLoggerFactory.Instance).Run().Events;
        if (events[^1] is ExecutionCompleted { Failure: { } failure }
            && failure.ErrorType == typeof(NonDeterministicOrchestrationException).ToString())
        {
            throw new NonDeterminismException(history, failure.ErrorMessage + Advice);
        }

        return new ReplayedTurn([.. events]);
    }

    public NonDeterminismException Mismatch(string recorded, string replayed) => new(
        history,
        $"Non-deterministic orchestrator '{history.Name}', instance '{history.InstanceId}': its history {recorded}, but the replayed code "
        + $"{replayed}.{Advice}");

    /// <exception cref="NonDeterminismException">The code ended, or did not, where the history says otherwise.</exception>
    public void CheckEnding(HistoryEvent? recorded, HistoryEvent? replayed)
    {
        if (Ending(recorded) != Ending(replayed))
        {
            var failure = replayed is ExecutionCompleted { Failure: { } details } ? $" ({details.ErrorType}: {details.ErrorMessage})" : "";
            throw Mismatch(Ending(recorded), Ending(replayed) + failure);
        }
    }

    private static string Ending(HistoryEvent? ending) => ending switch
    {
        null => "waits for more",
        ContinueAsNew => "continues as new",
        ExecutionCompleted { Status: CompletionStatus.Completed } => "completes",
        ExecutionCompleted { Status: CompletionStatus.Failed } => "fails",
        _ => "is terminated",
    };
}

/// <summary>What came of a turn.</summary>
/// <param name="Events">What the history gains, beginning with <see cref="OrchestratorStarted"/>.</param>
internal sealed record ReplayedTurn(List<HistoryEvent> Events)
{
    /// <summary>What the orchestrator asked for.</summary>
    public IEnumerable<ActionEvent> Requests => Events.OfType<ActionEvent>();

    /// <summary>How the execution ended; null if it did not.</summary>
    public HistoryEvent? Ending => Events[^1] is ContinueAsNew or ExecutionCompleted ? Events[^1] : null;
}
