using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Purge;

/// <summary>Deletes a job, slice after slice, until nothing is left of it. An orchestration, so that it comes to its end whoever asked for it.</summary>
internal static class PurgeOrchestrator
{
    /// <summary>What the ids of purges begin with.</summary>
    public const string Prefix = "purge-";

    /// <summary>Slices after which the history starts anew.</summary>
    private const int SlicesPerExecution = 100;

    private static readonly TimeSpan BetweenSlices = TimeSpan.FromSeconds(1);

    /// <summary>Id of the purge of a job.</summary>
    public static string InstanceId(string job) => Prefix + job;

    /// <summary>Whether a job is being deleted.</summary>
    public static async Task<bool> IsRunningAsync(DurableTaskClient durable, string job, CancellationToken cancellationToken) =>
        await durable.GetInstanceAsync(InstanceId(job), cancellationToken) is { IsCompleted: false };

    /// <summary>Starts the purge of a job, unless it runs.</summary>
    public static async Task StartAsync(DurableTaskClient durable, string job, CancellationToken cancellationToken)
    {
        if (await IsRunningAsync(durable, job, cancellationToken))
        {
            return;
        }

        try
        {
            await durable.ScheduleNewOrchestrationInstanceAsync(
                nameof(PurgeOrchestrator), job, new StartOrchestrationOptions(InstanceId(job)), cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Back ends refuse a taken id each with an exception of its own.
            if (await durable.GetInstanceAsync(InstanceId(job), cancellationToken) is null)
            {
                throw;
            }
        }
    }

    [Function(nameof(PurgeOrchestrator))]
    public static async Task Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var job = context.GetInput<string>() ?? throw new InvalidOperationException("A purge needs a job.");
        for (var slice = 0; slice < SlicesPerExecution; slice++)
        {
            if (await context.CallActivityAsync<bool>(nameof(PurgeSlice), job, DurableRetries.Storage))
            {
                return;
            }

            await context.CreateTimer(BetweenSlices, CancellationToken.None);
        }

        context.ContinueAsNew(job);
    }
}
