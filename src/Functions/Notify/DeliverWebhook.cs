using System.Globalization;
using System.Net;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Notify;

/// <summary>
/// Makes one attempt to tell a webhook. An attempt whose end was lost with its worker is made again: the receiver knows by
/// <c>webhook-id</c> what it has taken already.
/// </summary>
internal sealed partial class DeliverWebhook(WebhookPolicy policy, WebhookSender sender, Random random, ILogger<DeliverWebhook> logger)
{
    /// <summary>The app's settings do not allow the receiver any more, or there is no secret to sign with.</summary>
    public const string NotAllowed = "not_allowed";

    /// <summary>Longest that a receiver can put the next attempt off by <c>Retry-After</c>.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    /// <summary>Largest share that a wait is made longer by.</summary>
    private const double MaxJitter = 0.1;

    private const int FirstSuccess = 200;
    private const int FirstRedirect = 300;

    [Function(nameof(DeliverWebhook))]
    public async Task<WebhookAttempt> Run([ActivityTrigger] WebhookOrder order, [DurableClient] DurableTaskClient durable, CancellationToken cancellationToken)
    {
        var job = await durable.GetInstanceAsync(order.Job, getInputsAndOutputs: true, cancellationToken);
        if (job is null)
        {
            return new WebhookAttempt(WebhookOutcome.JobDeleted);
        }

        if (!job.IsCompleted && JobReader.RunOf(job).Round == order.Round)
        {
            return new WebhookAttempt(WebhookOutcome.JobRuns);
        }

        // What was allowed when the job was submitted may not be any more.
        if (policy.ProblemOf(order.Url) is { } problem)
        {
            return Failed(order, new WebhookAnswer(Status: null, NotAllowed, problem));
        }

        var answer = await sender.PostAsync(new Uri(order.Url), order.Id, order.Body, cancellationToken);
        return answer.Status switch
        {
            { } status when (int)status is >= FirstSuccess and < FirstRedirect => new WebhookAttempt(WebhookOutcome.Delivered, (int)status),
            HttpStatusCode.Gone => Failed(order, answer) with { Outcome = WebhookOutcome.Gone },
            _ => Failed(order, answer),
        };
    }

    private WebhookAttempt Failed(WebhookOrder order, WebhookAnswer answer)
    {
        LogFailed(order.Job, new Uri(order.Url).Authority, Reason(answer));
        var retryAfter = TimeSpan.FromTicks(Math.Clamp((answer.RetryAfter ?? TimeSpan.Zero).Ticks, 0, MaxRetryAfter.Ticks));
        return new WebhookAttempt(WebhookOutcome.Failed, (int?)answer.Status, answer.Error, retryAfter, random.NextDouble() * MaxJitter);
    }

    private static string Reason(WebhookAnswer answer)
    {
        var status = answer.Status is { } code ? string.Create(CultureInfo.InvariantCulture, $"status {(int)code}") : null;
        return string.Join(", ", new[] { status, answer.Error ?? WebhookOrchestrator.Refused, answer.Detail }.Where(part => part is not null));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The webhook of job {Job} at {Host} was not told: {Reason}")]
    private partial void LogFailed(string job, string host, string reason);
}
