using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>
/// Runs activities as a durable back end does when a worker fails to report: again, or twice at once. The engine sees one call that takes longer.
/// </summary>
internal sealed class FaultyActivities(ITaskInvoker inner, FaultInjector faults) : ITaskInvoker
{
    public Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name) => inner.FindOrchestrator(name);

    public async Task<string?> RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
    {
        var subject = $"{name}@{instanceId}";
        while (true)
        {
            await faults.PassAsync(CrashPoint.ActivityBefore);
            await faults.DelayAsync(FaultKind.ActivityDelayed, subject, cancellationToken);
            var run = faults.Strikes(FaultKind.ActivityRunTwice, subject) ? RunTwiceAsync : (Run)inner.RunActivityAsync;
            var ran = await CatchAsync(run(name, instanceId, input, trace, cancellationToken));
            await faults.PassAsync(CrashPoint.ActivityAfter);
            if (cancellationToken.IsCancellationRequested || !faults.Strikes(FaultKind.ActivityResultLost, subject))
            {
                return await ran;
            }

            await Task.Delay(faults.Span(FaultKind.ActivityResultLost, subject, FaultProfile.MaxDelay), faults.Time, cancellationToken);
        }
    }

    private delegate Task<string?> Run(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken);

    private async Task<string?> RunTwiceAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
    {
        var first = inner.RunActivityAsync(name, instanceId, input, trace, cancellationToken);
        var second = inner.RunActivityAsync(name, instanceId, input, trace, cancellationToken);
        var reported = await Task.WhenAny(first, second);
        // The other one goes on; nobody hears of how it ends.
        _ = CatchAsync(reported == first ? second : first);
        return await reported;
    }

    private static async Task<Task<string?>> CatchAsync(Task<string?> run)
    {
        await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return run;
    }
}
