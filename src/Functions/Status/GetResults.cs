using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Status;

/// <summary>
/// <c>GET /api/jobs/{id}/results</c> and <c>/errors</c>: NDJSON in input order. While the job runs they give what is assembled so far;
/// with <c>?follow=true</c> they go on until the job has ended. Those of a redrive are followed to its end and given then.
/// </summary>
internal sealed class GetResults(JobBlobs blobs, TimeProvider time)
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromSeconds(1);

    [Function(nameof(GetResults))]
    public Task<IResult> Results(
        [HttpTrigger(BuiltAccess.Level, "get", Route = "jobs/{id}/results")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken) => RunAsync(request, id, JobBlobs.Output(id), durable, cancellationToken);

    [Function(nameof(GetErrors))]
    public Task<IResult> GetErrors(
        [HttpTrigger(BuiltAccess.Level, "get", Route = "jobs/{id}/errors")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken) => RunAsync(request, id, JobBlobs.Errors(id), durable, cancellationToken);

    private async Task<IResult> RunAsync(HttpRequest request, string id, string blob, DurableTaskClient durable, CancellationToken cancellationToken)
    {
        var instance = await JobReader.InstanceAsync(durable, id, cancellationToken);
        var follow = bool.TryParse(request.Query["follow"], out var value) && value;
        return Microsoft.AspNetCore.Http.Results.Stream(body => CopyAsync(instance, blob, follow, durable, body, cancellationToken), "application/x-ndjson");
    }

    private async Task CopyAsync(
        OrchestrationMetadata instance, string blob, bool follow, DurableTaskClient durable, Stream body, CancellationToken cancellationToken)
    {
        var reader = new GrowingBlob(blobs.Blob(blob));
        var round = JobReader.RunOf(instance).Round;
        while (true)
        {
            // The status is read before the blob: what a job had written when it ended is then surely in the last copy.
            var (ended, run) = (instance.IsCompleted, JobReader.RunOf(instance));
            if (run.Round != round && reader.HasRead)
            {
                throw new InvalidOperationException($"Job {instance.InstanceId} was redriven while its lines were followed, which replaces some. Ask for them anew.");
            }

            // A redrive changes the blob anywhere, so that it can be followed to its end alone.
            if (ended || !follow || run.Redrive is null)
            {
                await reader.CopyNewAsync(body, cancellationToken);
            }

            await body.FlushAsync(cancellationToken);
            if (ended || !follow)
            {
                return;
            }

            await JobCompletion.WaitAsync(durable, instance.InstanceId, FollowInterval, time, cancellationToken);
            instance = await JobReader.InstanceAsync(durable, instance.InstanceId, cancellationToken);
        }
    }
}
