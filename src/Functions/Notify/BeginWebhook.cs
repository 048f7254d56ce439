using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Notify;

/// <summary>A round of a job as it ends.</summary>
/// <param name="Job">The job.</param>
/// <param name="Round">The round.</param>
/// <param name="Summary">What the job's orchestration is about to return; null if it is about to fail.</param>
/// <param name="Failure">What it is about to fail with; null if it is not.</param>
/// <param name="At">When (UTC).</param>
internal sealed record EndedRound(string Job, int Round, JobSummary? Summary, JobError? Failure, DateTimeOffset At);

/// <summary>
/// Begins to tell a job's webhook that a round has ended: says once what it is told, and starts the <see cref="WebhookOrchestrator"/>. Called
/// again, it finds that started.
/// </summary>
internal sealed class BeginWebhook(JobReader jobs)
{
    /// <summary>Most characters of the reason that a job gives for its failure: the rest of the body is small.</summary>
    private const int MaxReason = 4000;

    [Function(nameof(BeginWebhook))]
    public async Task Run([ActivityTrigger] EndedRound end, [DurableClient] DurableTaskClient durable, CancellationToken cancellationToken)
    {
        var id = WebhookOrchestrator.InstanceId(end.Job, end.Round);
        if (await durable.GetInstanceAsync(id, cancellationToken) is not null
            || await durable.GetInstanceAsync(end.Job, getInputsAndOutputs: true, cancellationToken) is not { } job
            || JobReader.RunOf(job).Job.Options.Webhook is not { } webhook)
        {
            return;
        }

        var order = new WebhookOrder(end.Job, end.Round, webhook, BodyOf(jobs.Describe(job, EndOf(end))));
        try
        {
            await durable.ScheduleNewOrchestrationInstanceAsync(nameof(WebhookOrchestrator), order, new StartOrchestrationOptions(id), cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Back ends refuse a taken id each with an exception of its own.
            if (await durable.GetInstanceAsync(id, cancellationToken) is null)
            {
                throw;
            }
        }
    }

    private static JobEnd EndOf(EndedRound end) => new(end.Summary?.Status ?? JobStatus.Failed, end.Summary, end.Failure, end.At);

    private static string BodyOf(Job job)
    {
        var type = job.Status switch
        {
            JobStatus.Succeeded => "job.succeeded",
            JobStatus.Canceled => "job.canceled",
            _ => "job.failed",
        };
        var data = job.Error is { Message.Length: > MaxReason } error ? job with { Error = error with { Message = error.Message[..MaxReason] + "…" } } : job;
        return JsonSerializer.Serialize(new WebhookEvent(type, job.CompletedAt ?? job.LastUpdatedAt, data), ContractsJson.Wire.WebhookEvent);
    }
}
