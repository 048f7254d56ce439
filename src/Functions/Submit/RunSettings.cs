using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Submit;

/// <summary>What a job is to be run on, and how, as checked.</summary>
/// <param name="Model">Name of a configured model.</param>
/// <param name="External">Whether external workers run it.</param>
/// <param name="Options">The options, defaults filled in.</param>
internal sealed record CheckedRun(string Model, bool External, JobOptions Options);

/// <summary>Checks what a caller asks a job to be run on: the model must be configured, and the options within their limits and fit each other.</summary>
internal sealed class RunSettings(ModelCatalog models, WebhookPolicy webhooks)
{
    /// <summary>Checks a model and options.</summary>
    /// <exception cref="ProblemException">They are refused.</exception>
    public CheckedRun Check(string? model, JobOptions options)
    {
        var name = CheckModel(model);
        var external = models.IsExternal(name);
        if (external && (options.OrderByKey || options.MaxConcurrency is not null))
        {
            throw Problems.BadOption(
                $"'{name}' is run by external workers, who compete for chunks: {(options.OrderByKey ? "orderByKey" : "maxConcurrency")} cannot be kept there. "
                + "Leave it out; how many chunks run at once is set by how many workers run.");
        }

        return external && options.Priority != JobPriority.Normal
            ? throw Problems.BadOption($"'{name}' is run by external workers, who take chunks as they come: priority cannot be kept there. Leave it out.")
            : new CheckedRun(name, external, Check(options));
    }

    private string CheckModel(string? model) => model switch
    {
        null or "" => throw Problems.BadOption("No model was named; add ?model=NAME or \"model\":\"NAME\"."),
        _ when models.Contains(model) => model,
        _ => throw Problems.UnknownModel(model.Length > JobLimits.MaxNameLength ? model[..JobLimits.MaxNameLength] : model, models.Names),
    };

    private JobOptions Check(JobOptions options)
    {
        if (options.ChunkItems is < 1 or > JobLimits.MaxChunkItems)
        {
            throw Problems.BadOption($"chunkItems must be 1 to {JobLimits.MaxChunkItems}.");
        }

        if (options.MaxConcurrency is < 1 or > JobLimits.MaxConcurrency)
        {
            throw Problems.BadOption($"maxConcurrency must be 1 to {JobLimits.MaxConcurrency}.");
        }

        // JSON can spell an enumeration's value as any number.
        if (!Enum.IsDefined(options.OnFailure))
        {
            throw Problems.BadOption("onFailure must be continue or stopLane.");
        }

        if (!Enum.IsDefined(options.Priority))
        {
            throw Problems.BadOption("priority must be low, normal or high.");
        }

        if (options.OnFailure == FailureAction.StopLane && !options.OrderByKey)
        {
            throw Problems.BadOption(
                "onFailure=stopLane skips the later items of a failed item's key, which only a job with orderByKey has. Add orderByKey=true, or leave onFailure out.");
        }

        if (options.Deadline > JobLimits.MaxDeadline)
        {
            throw Problems.BadOption($"deadline must be at most {JobLimits.MaxDeadline.TotalDays}d; leave it out for a job that may take any time.");
        }

        if (options.Retention > JobLimits.MaxRetention)
        {
            throw Problems.BadOption($"retention must be at most {JobLimits.MaxRetention.TotalDays}d.");
        }

        if (options.Webhook is { } webhook && webhooks.ProblemOf(webhook) is { } problem)
        {
            throw Problems.BadOption(problem);
        }

        return options with { ChunkItems = options.ChunkItems ?? JobLimits.DefaultChunkItems };
    }
}
