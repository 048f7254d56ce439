using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Runs a model on a chunk's items. Those that fail transiently are tried again in place; the others do not wait for a second run.
/// </summary>
internal sealed partial class ChunkRunner(ModelCatalog models, BalanceBoard board, JobMetrics metrics, JobSettings settings, TimeProvider time, Random random, ILogger<ChunkRunner> logger)
{
    /// <summary>
    /// Longest wait in place that a model can ask for, and about the longest that throttled calls wait in all: a chunk must end well within the function
    /// time-out, and a slot that waits runs nobody's chunks.
    /// </summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(2);

    /// <summary>Longest wait that a model can ask for at all.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    /// <summary>Most throttled calls of an item in place: with the waits between them some two minutes, in which the limiter has learned what there is to learn.</summary>
    private const int MaxThrottlesInPlace = 10;

    /// <summary>Runs items until none is left that an attempt now could help: each is closed or rests.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="run">The items.</param>
    /// <param name="stopped">Ends the run: what was finished is kept, the other items stay open.</param>
    /// <param name="cancellationToken">Ends the run; nothing is to be answered then.</param>
    public async Task RunAsync(string model, ChunkRun run, CancellationToken stopped, CancellationToken cancellationToken)
    {
        if (!models.Contains(model) || models.IsExternal(model))
        {
            run.FailOpen(new JobError("unknown_model", $"The model '{model}' is not configured any more, or not to be run by the app."));
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopped, cancellationToken);
        while (run.Open > 0 && !stopped.IsCancellationRequested && run.Next() is { Count: > 0 } next)
        {
            var outcomes = await RunOnceAsync(model, run, next, ending.Token);
            cancellationToken.ThrowIfCancellationRequested();
            var wait = TimeSpan.Zero;
            for (var i = 0; i < outcomes.Count; i++)
            {
                wait = Longer(wait, Settle(run, next[i], outcomes[i], stopped.IsCancellationRequested));
            }

            if (wait > TimeSpan.Zero)
            {
                LogRetry(model, wait);
                await WaitAsync(wait, stopped, cancellationToken);
            }
        }
    }

    /// <summary>Waits, unless the run is stopped meanwhile.</summary>
    public async Task WaitAsync(TimeSpan wait, CancellationToken stopped, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopped, cancellationToken);
        try
        {
            await Task.Delay(wait, time, ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Stopped: there is nothing to wait for any more.
        }
    }

    /// <summary>How long items that rest wait before they are attempted again.</summary>
    /// <param name="returns">How often they had rested before.</param>
    /// <param name="asked">How long the model asked to wait.</param>
    public TimeSpan ReturnDelay(int returns, TimeSpan asked) =>
        Longer(Jittered(settings.ReturnDelay, returns, settings.MaxReturnDelay), Shorter(asked, LongestRetryAfter));

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

    /// <returns>How long to wait before the item's next attempt; zero if there is none, or none yet.</returns>
    private TimeSpan Settle(ChunkRun run, int position, ItemOutcome outcome, bool isStopped)
    {
        if (!outcome.IsTransient)
        {
            run.Finish(position, outcome);
            return TimeSpan.Zero;
        }

        if (isStopped)
        {
            return TimeSpan.Zero;
        }

        var (tries, most) = outcome.IsThrottled
            ? (run.Throttle(position), MaxThrottlesInPlace)
            : (run.AttemptsInPlace(position), settings.MaxAttempts);
        if (tries >= most || outcome.RetryAfter * (outcome.IsThrottled ? tries : 1) > MaxRetryAfter)
        {
            run.Rest(position, outcome);
            return TimeSpan.Zero;
        }

        return Longer(Jittered(settings.RetryDelay, tries - 1, settings.MaxRetryDelay), outcome.RetryAfter ?? TimeSpan.Zero);
    }

    /// <returns>An outcome for each item; none if the run was ended.</returns>
    private async Task<IReadOnlyList<ItemOutcome>> RunOnceAsync(string model, ChunkRun run, List<int> next, CancellationToken cancellationToken)
    {
        var calls = new ItemCall[next.Count];
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i] = run.Call(next[i]);
        }

        try
        {
            var runner = models.Find(model) ?? throw new InvalidOperationException($"Model '{model}' is gone.");
            using var use = runner is IBalancedRunner balanced ? await board.EnterAsync(model, balanced, cancellationToken) : default;
            using var computing = run.Meter?.Compute(calls.Length);
            var outcomes = await runner.RunAsync(calls, cancellationToken);
            Measure(model, runner, run.Meter, outcomes);
            return outcomes.Count == calls.Length
                ? outcomes
                : throw new InvalidOperationException($"Model '{model}' answered {outcomes.Count} of {calls.Length} items.");
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return [];
        }
        catch (Exception failure)
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
            Usage = outcome.Usage,
            Meta = item.Meta,
        };
    }

    // What a call used counts, whatever becomes of its answer.
    private void Measure(string model, IModelRunner runner, RunMeter? meter, IReadOnlyList<ItemOutcome> outcomes)
    {
        if (runner is IBalancedRunner balanced && metrics.WatchesWindows)
        {
            metrics.WindowChanged(model, balanced.Balance.Window);
        }

        if (outcomes.Any(outcome => outcome.Usage is not null))
        {
            var (input, output) = (outcomes.Sum(outcome => outcome.Usage?.InputTokens ?? 0), outcomes.Sum(outcome => outcome.Usage?.OutputTokens ?? 0));
            metrics.TokensUsed(model, input, output);
            meter?.UseTokens(input, output);
        }
    }

    // Half of the wait is fixed and half is random, so that chunks that failed together do not come back together.
    private TimeSpan Jittered(TimeSpan first, int doublings, TimeSpan longest)
    {
        double jitter;
        lock (random)
        {
            jitter = 0.5 + (random.NextDouble() / 2);
        }

        return TimeSpan.FromSeconds(Math.Min(first.TotalSeconds * Math.Pow(2, doublings), longest.TotalSeconds) * jitter);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(Level = LogLevel.Debug, Message = "Model {Model} failed transiently on some items; trying them again in {Wait}.")]
    private partial void LogRetry(string model, TimeSpan wait);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} threw.")]
    private partial void LogRunnerFailure(Exception failure, string model);
}
