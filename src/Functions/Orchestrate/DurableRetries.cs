using Microsoft.DurableTask;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>How the orchestrators retry their activities. Every activity is idempotent, so trying again is always right.</summary>
internal static class DurableRetries
{
    private const int MaxAttempts = 12;
    private const double Backoff = 2;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Twelve attempts over some four minutes: longer than a lost session lock lasts or a storage account fails over.</summary>
    public static readonly TaskOptions Storage = new(new RetryPolicy(MaxAttempts, First, Backoff, Longest));
}
