using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Purge;

/// <summary>
/// <c>DELETE /api/jobs/{id}</c>: deletes a job that has ended, with all that belongs to it. 204 when it is gone; 202 if that takes longer than
/// a call should, and then it goes on by itself.
/// </summary>
internal sealed class DeleteJob(JobReader jobs, TimeProvider time)
{
    /// <summary>How long a call waits for the end of the purge.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    [Function(nameof(DeleteJob))]
    public async Task<IResult> Run(
        [HttpTrigger(BuiltAccess.Level, "delete", Route = "jobs/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        var instance = await JobReader.InstanceAsync(durable, id, cancellationToken);
        if (!instance.IsCompleted)
        {
            throw Problems.JobRunning(id, "deleting it");
        }

        await PurgeOrchestrator.StartAsync(durable, id, cancellationToken);
        var purge = await EndAsync(durable, PurgeOrchestrator.InstanceId(id), cancellationToken);
        if (purge is null)
        {
            return (await jobs.ReadAsync(instance, cancellationToken)).ToAccepted(request);
        }

        if (await durable.GetInstanceAsync(id, cancellationToken) is { } left)
        {
            throw left.IsCompleted
                ? Problems.NotPurged(id, purge.FailureDetails?.ErrorMessage)
                : Problems.JobRunning(id, "deleting it");
        }

        await durable.PurgeInstanceAsync(purge.InstanceId, cancellationToken);
        return Results.NoContent();
    }

    /// <returns>The purge as it ended; null if it goes on.</returns>
    private async Task<OrchestrationMetadata?> EndAsync(DurableTaskClient durable, string purge, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(MaxWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await durable.WaitForInstanceCompletionAsync(purge, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
