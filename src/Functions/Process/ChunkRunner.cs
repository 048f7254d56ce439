using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Runs a model on a chunk until each item has succeeded or failed for good. Items that fail transiently are tried again in place;
/// the others do not wait for a second run.
/// </summary>
internal sealed partial class ChunkRunner(ModelCatalog models, JobSettings settings, TimeProvider time, Random random, ILogger<ChunkRunner> logger)
{
    /// <summary>Longest wait that a model can ask for: a chunk must end well within the function time-out.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(2);

    /// <summary>Runs the items.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="items">The items.</param>
    /// <param name="inOrder">
    /// Whether items of one key run one at a time and in order, retries included. Items of different keys then still share runs:
    /// each run takes the first open item of each key.
    /// </param>
    /// <param name="cancellationToken">Ends the run; nothing is answered then.</param>
    /// <returns>One result per item, in the order given.</returns>
    public async Task<IReadOnlyList<ItemResult>> RunAsync(
        string model, IReadOnlyList<ChunkItem> items, bool inOrder, CancellationToken cancellationToken)
    {
        if (!models.Contains(model) || models.IsExternal(model))
        {
            return FailAll(items, new JobError("unknown_model", $"The model '{model}' is not configured any more, or not to be run by the app."));
        }

        var results = new ItemResult?[items.Count];
        var outputBytes = 0L;
        var attempts = new int[items.Count];
        while (Ready(items, results, inOrder) is { Count: > 0 } ready)
        {
            var outcomes = await RunOnceAsync(model, [.. ready.Select(i => new ItemCall(items[i], ++attempts[i]))], cancellationToken);
            var wait = TimeSpan.Zero;
            foreach (var (i, outcome) in ready.Zip(outcomes))
            {
                if (outcome.IsTransient && attempts[i] < settings.MaxAttempts)
                {
                    wait = Longer(wait, Longer(Backoff(attempts[i]), Shorter(outcome.RetryAfter ?? TimeSpan.Zero, MaxRetryAfter)));
                }
                else
                {
                    results[i] = ToResult(items[i], Limit(outcome, ref outputBytes), attempts[i]);
                }
            }

            if (wait > TimeSpan.Zero)
            {
                LogRetry(model, wait);
                await Task.Delay(wait, time, cancellationToken);
            }
        }

        return results!;
    }

    /// <summary>Answers for items that are not run.</summary>
    public static IReadOnlyList<ItemResult> FailAll(IReadOnlyList<ChunkItem> items, JobError error) =>
        [.. items.Select(item => NotRun(item, ItemStatus.Failed, error))];

    /// <summary>Answers for an item that is not run.</summary>
    public static ItemResult NotRun(ChunkItem item, ItemStatus status, JobError error) => new()
    {
        Index = item.Index,
        Id = item.Id,
        Key = item.Key,
        Status = status,
        Error = error,
        Attempts = 0,
        Meta = item.Meta,
    };

    private static List<int> Ready(IReadOnlyList<ChunkItem> items, ItemResult?[] results, bool inOrder)
    {
        var open = Enumerable.Range(0, items.Count).Where(i => results[i] is null);
        if (!inOrder)
        {
            return [.. open];
        }

        var taken = new HashSet<string>(StringComparer.Ordinal);
        return [.. open.Where(i => items[i].Key is not { } key || taken.Add(key))];
    }

    private async Task<IReadOnlyList<ItemOutcome>> RunOnceAsync(
        string model, IReadOnlyList<ItemCall> calls, CancellationToken cancellationToken)
    {
        try
        {
            var runner = models.Find(model) ?? throw new InvalidOperationException($"Model '{model}' is gone.");
            var outcomes = await runner.RunAsync(calls, cancellationToken);
            return outcomes.Count == calls.Count
                ? outcomes
                : throw new InvalidOperationException($"Model '{model}' answered {outcomes.Count} of {calls.Count} items.");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogRunnerFailure(failure, model);
            var outcome = ItemOutcome.Transient("runner_failed", $"The model could not be run: {failure.GetType().Name}.");
            return [.. calls.Select(_ => outcome)];
        }
    }

    /// <summary>Fails an item whose output is too large, by itself or together with those before it.</summary>
    public static ItemOutcome Limit(ItemOutcome outcome, ref long outputBytes)
    {
        if (outcome.Output is not { } output)
        {
            return outcome;
        }

        var bytes = JsonMarshal.GetRawUtf8Value(output).Length;
        if (bytes > JobLimits.MaxOutputBytes)
        {
            return ItemOutcome.Permanent("output_too_large", $"The output has more than {JobLimits.MaxOutputBytes} bytes.");
        }

        outputBytes += bytes;
        return outputBytes <= JobLimits.MaxChunkOutputBytes
            ? outcome
            : ItemOutcome.Permanent(
                "output_too_large", $"The outputs of the chunk have more than {JobLimits.MaxChunkOutputBytes} bytes; submit with a smaller chunkItems.");
    }

    /// <summary>An item's line: what was submitted and what came of it.</summary>
    public static ItemResult ToResult(ChunkItem item, ItemOutcome outcome, int attempts)
    {
        return new ItemResult
        {
            Index = item.Index,
            Id = item.Id,
            Key = item.Key,
            Status = outcome.Error is null ? ItemStatus.Succeeded : ItemStatus.Failed,
            Output = outcome.Output,
            Error = outcome.Error,
            Attempts = attempts,
            Meta = item.Meta,
        };
    }

    // Half of the wait is fixed and half is random, so that chunks that failed together do not come back together.
    private TimeSpan Backoff(int attempt)
    {
        double jitter;
        lock (random)
        {
            jitter = 0.5 + (random.NextDouble() / 2);
        }

        var wait = Math.Min(settings.RetryDelay.TotalSeconds * Math.Pow(2, attempt - 1), settings.MaxRetryDelay.TotalSeconds);
        return TimeSpan.FromSeconds(wait * jitter);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(Level = LogLevel.Debug, Message = "Model {Model} failed transiently on some items; trying them again in {Wait}.")]
    private partial void LogRetry(string model, TimeSpan wait);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} threw.")]
    private partial void LogRunnerFailure(Exception failure, string model);
}
