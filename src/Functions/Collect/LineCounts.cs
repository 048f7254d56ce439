using ModelJobs.Contracts;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Collect;

/// <summary>Counts lines as they are committed, each once: a part can be made only once.</summary>
internal sealed class LineCounts(JobMetrics metrics, JobModels models)
{
    /// <summary>Counts the lines of a part. Costs nothing while nobody listens.</summary>
    /// <param name="order">What is collected.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask CountAsync(CollectOrder order, IReadOnlyCollection<ItemResult> lines, CancellationToken cancellationToken)
    {
        if (!metrics.CountsItems)
        {
            return;
        }

        if ((order.Model ?? await models.OfAsync(order.JobId, cancellationToken)) is not { } model)
        {
            return;
        }

        foreach (var outcome in lines.CountBy(line => line.Status))
        {
            metrics.ItemsEnded(model, NameOf(outcome.Key), outcome.Value);
        }

        foreach (var reason in lines.Where(line => line is { Status: ItemStatus.Failed, Error: not null }).CountBy(line => line.Error!.Code))
        {
            metrics.ItemsParked(model, reason.Key, reason.Value);
        }

        foreach (var line in lines)
        {
            metrics.ItemTried(model, NameOf(line.Status), line.Attempts);
        }

        if (order.External && lines.Any(line => line.Usage is not null))
        {
            // The app's own workers count what they use when they use it.
            metrics.TokensUsed(model, lines.Sum(line => line.Usage?.InputTokens ?? 0), lines.Sum(line => line.Usage?.OutputTokens ?? 0));
        }
    }

    private static string NameOf(ItemStatus status) => status switch
    {
        ItemStatus.Succeeded => "succeeded",
        ItemStatus.Failed => "failed",
        ItemStatus.Canceled => "canceled",
        _ => "discarded",
    };
}
