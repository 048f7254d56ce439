using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>An item on its way through a runner.</summary>
/// <param name="Item">The item.</param>
/// <param name="Attempt">Which attempt this is, 1-based.</param>
/// <param name="Share">The job that the item belongs to, for models whose calls jobs take turns at; null if it is not known.</param>
public readonly record struct ItemCall(ChunkItem Item, int Attempt, JobShare? Share = null);

/// <summary>What a runner says of one item: an output or an error, and whether trying again can help.</summary>
public sealed record ItemOutcome
{
    /// <summary>The item was not run, or not to its end, because the run was ended.</summary>
    public static readonly ItemOutcome Canceled = Transient("canceled", "The run was ended before the item.");

    private ItemOutcome()
    {
    }

    /// <summary>What the model answered; null if it failed.</summary>
    public JsonElement? Output { get; private init; }

    /// <summary>Why the item failed; null if it succeeded.</summary>
    public JobError? Error { get; private init; }

    /// <summary>Whether trying again can help.</summary>
    public bool IsTransient { get; private init; }

    /// <summary>Whether the endpoint said that it takes no call now: no word about the item, which has not been tried.</summary>
    public bool IsThrottled { get; private init; }

    /// <summary>How long to wait before trying again, if the model said so.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>Tokens that the answer cost; null for models that do not count them.</summary>
    public TokenUsage? Usage { get; private init; }

    /// <summary>The model answered.</summary>
    public static ItemOutcome Succeeded(JsonElement output, TokenUsage? usage = null) => new() { Output = output, Usage = usage };

    /// <summary>The item failed, and fails again however often it is tried.</summary>
    public static ItemOutcome Permanent(string code, string message) => new() { Error = new JobError(code, message) };

    /// <summary>The item failed by circumstances that may pass.</summary>
    public static ItemOutcome Transient(string code, string message, TimeSpan? retryAfter = null) =>
        new() { Error = new JobError(code, message), IsTransient = true, RetryAfter = retryAfter };

    /// <summary>The endpoint took no call for the item, and will later.</summary>
    public static ItemOutcome Throttled(string message, TimeSpan? retryAfter = null) =>
        new() { Error = new JobError("throttled", message), IsTransient = true, IsThrottled = true, RetryAfter = retryAfter };
}
