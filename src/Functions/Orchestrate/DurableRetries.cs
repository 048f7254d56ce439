using Microsoft.DurableTask;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>How the orchestrators retry their activities. Every activity is idempotent, so trying again is always right.</summary>
internal static class DurableRetries
{
    private const int MaxAttempts = 30;
    private const double Backoff = 2;
    private const int MaxBriefAttempts = 5;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Thirty attempts over some 25 minutes: longer than a lost session lock lasts, a storage account fails over, or most outages take.</summary>
    public static readonly TaskOptions Storage = new(new RetryPolicy(MaxAttempts, First, Backoff, Longest));

    /// <summary>Five attempts over some fifteen seconds: for what a job goes on without.</summary>
    public static readonly TaskOptions Brief = new(new RetryPolicy(MaxBriefAttempts, First, Backoff, Longest));
}
