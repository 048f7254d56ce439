using System.Reflection;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// Replays recorded histories against today's code of their orchestrators, as a deployment would with the orchestrations that are
/// running then. Nothing is run but the orchestrator; activities and sub-orchestrations answer what the history says.
/// </summary>
/// <example><c>OrchestrationReplayer.Replay(OrchestrationHistory.Load("job.json"), JobOrchestrator.Run);</c></example>
public static class OrchestrationReplayer
{
    /// <summary>Replays a history.</summary>
    /// <param name="history">The history.</param>
    /// <param name="orchestrator">The orchestrator function.</param>
    /// <param name="converter">Reads and writes payloads; JSON unless given.</param>
    /// <exception cref="NonDeterminismException">The code asks for something else than the history says, or ends otherwise.</exception>
    /// <exception cref="FormatException">The history cannot be replayed: something is missing in it.</exception>
    public static void Replay<TResult>(
        OrchestrationHistory history, Func<TaskOrchestrationContext, Task<TResult>> orchestrator, DataConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(orchestrator);
        Run(history, async context => await orchestrator(context), converter);
    }

    /// <inheritdoc cref="Replay{TResult}"/>
    public static void Replay(
        OrchestrationHistory history, Func<TaskOrchestrationContext, Task> orchestrator, DataConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(orchestrator);
        Run(
            history,
            async context =>
            {
                await orchestrator(context);
                return null;
            },
            converter);
    }

    /// <summary>Replays a history with the orchestrator function of its name, which must be static or in a class without dependencies.</summary>
    /// <param name="history">The history.</param>
    /// <param name="app">The assembly that has the function.</param>
    /// <param name="converter">Reads and writes payloads; JSON unless given.</param>
    /// <inheritdoc cref="Replay{TResult}" path="/exception"/>
    /// <exception cref="ArgumentException">The assembly has no orchestrator function of that name.</exception>
    public static void Replay(OrchestrationHistory history, Assembly app, DataConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(app);
        Run(history, OrchestratorFunctions.Find(app, history.Name), converter);
    }

    private static void Run(
        OrchestrationHistory history, Func<TaskOrchestrationContext, Task<object?>> orchestrator, DataConverter? converter)
    {
        ArgumentNullException.ThrowIfNull(history);
        var turns = new ReplayTurns(history, orchestrator, converter ?? JsonDataConverter.Default);
        if (history.IsCondensed)
        {
            new CondensedReplay(history, turns).Run();
        }
        else
        {
            WholeReplay.Run(history, turns);
        }
    }
}
