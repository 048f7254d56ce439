using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using ModelJobs.Contracts;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Notify;

/// <summary>
/// Tells a webhook that a round of a job has ended: calls it until it has taken that, over days. An orchestration of its own, so that the
/// job neither waits for its receiver nor fails with it. Its custom status is how far it came.
/// </summary>
internal static class WebhookOrchestrator
{
    /// <summary>The job was deleted before the receiver had taken it.</summary>
    public const string JobDeleted = "job_deleted";

    /// <summary>The job's orchestration did not come to its end.</summary>
    public const string JobRuns = "job_runs";

    /// <summary>The attempt itself could not be run.</summary>
    public const string NotSent = "not_sent";

    /// <summary>The receiver answered with a status that is no success.</summary>
    public const string Refused = "refused";

    /// <summary>How often it is looked whether the job's orchestration has come to its end; with the longest wait, for some three days.</summary>
    private const int MaxLooks = 100;

    /// <summary>After so many looks the wait grows no more.</summary>
    private const int MaxDoublings = 14;

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestLook = TimeSpan.FromHours(1);

    /// <summary>Waits after failed attempts, as Standard Webhooks suggests: ten attempts over a little more than three days.</summary>
    internal static readonly IReadOnlyList<TimeSpan> Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>What the ids of all of a job's begin with.</summary>
    public static string InstanceIds(string job) => $"webhook-{job}-";

    /// <summary>Id of the orchestration that tells of a round's end.</summary>
    public static string InstanceId(string job, int round) => string.Create(CultureInfo.InvariantCulture, $"{InstanceIds(job)}{round:D10}");

    [Function(nameof(WebhookOrchestrator))]
    public static async Task<JobWebhook> Run([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var order = context.GetInput<WebhookOrder>() ?? throw new InvalidOperationException("A webhook's orchestration needs an order.");
        var (told, looks) = (new JobWebhook(WebhookState.Pending, Attempts: 0), 0);
        while (told.State == WebhookState.Pending)
        {
            context.SetCustomStatus(told);
            var attempt = await AttemptAsync(context, order);
            var wait = attempt.Outcome switch
            {
                WebhookOutcome.JobRuns => WaitForEnd(looks++),
                WebhookOutcome.Failed => WaitAfter(told.Attempts, attempt),
                _ => null,
            };
            told = After(told, attempt, context.CurrentUtcDateTime + wait);
            context.SetCustomStatus(told);
            if (wait is { } time)
            {
                await context.CreateTimer(time, CancellationToken.None);
            }
        }

        return told;
    }

    private static async Task<WebhookAttempt> AttemptAsync(TaskOrchestrationContext context, WebhookOrder order)
    {
        try
        {
            return await context.CallActivityAsync<WebhookAttempt>(nameof(DeliverWebhook), order, DurableRetries.Storage);
        }
        catch (TaskFailedException)
        {
            return new WebhookAttempt(WebhookOutcome.Failed, Error: NotSent);
        }
    }

    private static TimeSpan? WaitForEnd(int looks) => looks >= MaxLooks ? null : Shorter(FirstLook * Math.Pow(2, Math.Min(looks, MaxDoublings)), LongestLook);

    /// <returns>How long to wait; null if it was the last attempt.</returns>
    private static TimeSpan? WaitAfter(int attempts, WebhookAttempt attempt) =>
        attempts >= Waits.Count ? null : Longer(Waits[attempts] * (1 + attempt.Jitter), attempt.RetryAfter);

    private static JobWebhook After(JobWebhook told, WebhookAttempt attempt, DateTimeOffset? next) => attempt.Outcome switch
    {
        WebhookOutcome.Delivered => new JobWebhook(WebhookState.Delivered, told.Attempts + 1, attempt.Status),
        WebhookOutcome.Gone => new JobWebhook(WebhookState.Failed, told.Attempts + 1, attempt.Status, Refused),
        WebhookOutcome.Failed => new JobWebhook(
            next is null ? WebhookState.Failed : WebhookState.Pending, told.Attempts + 1, attempt.Status, attempt.Error ?? Refused, next),
        WebhookOutcome.JobDeleted => told with { State = WebhookState.Failed, LastError = JobDeleted, NextAttemptAt = null },
        _ when next is null => told with { State = WebhookState.Failed, LastError = JobRuns },
        _ => told,
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
