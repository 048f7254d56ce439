using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Notify;

/// <summary>How far a webhook was told of a round's end, from the orchestration that tells it.</summary>
internal static class WebhookStatus
{
    /// <summary>There is no orchestration that tells it: it could not be begun, or the job was ended by an operator's tool.</summary>
    public const string NotBegun = "not_begun";

    /// <summary>The orchestration was ended by an operator's tool, or failed.</summary>
    public const string Ended = "ended";

    /// <summary>Reads it, of a job that has ended.</summary>
    public static async Task<JobWebhook> ReadAsync(DurableTaskClient durable, string job, int round, CancellationToken cancellationToken)
    {
        var instance = await durable.GetInstanceAsync(WebhookOrchestrator.InstanceId(job, round), getInputsAndOutputs: true, cancellationToken);
        if (instance is null)
        {
            return new JobWebhook(WebhookState.Failed, Attempts: 0, LastError: NotBegun);
        }

        var told = (instance.SerializedCustomStatus is null ? null : instance.ReadCustomStatusAs<JobWebhook>()) ?? new JobWebhook(WebhookState.Pending, Attempts: 0);
        return instance.IsCompleted && told.State == WebhookState.Pending
            ? told with { State = WebhookState.Failed, LastError = Ended, NextAttemptAt = null }
            : told;
    }
}
