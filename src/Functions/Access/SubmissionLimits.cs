using System.Collections.Concurrent;
using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Access;

/// <summary>
/// Holds each caller to so many submissions a minute and so many jobs that have not ended. Both keep one caller from taking all, and neither is
/// exact: submissions are counted by each instance of the app by itself, and jobs that other instances took are seen when they are counted again,
/// at most <see cref="CountAge"/> later. Counting is one bounded query, and no submission waits for it but a caller's first on an instance
/// and those near the limit.
/// </summary>
internal sealed class SubmissionLimits(JobSettings settings, TimeProvider time)
{
    /// <summary>How old a count of jobs may be that is far from the limit; then one is begun beside the submission.</summary>
    public static readonly TimeSpan CountAge = TimeSpan.FromSeconds(10);

    /// <summary>How old a count may be that refuses a submission: who calls again and again must not have the jobs counted each time.</summary>
    public static readonly TimeSpan RefusingCountAge = TimeSpan.FromSeconds(1);

    /// <summary>When to submit again after there were too many jobs.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>Callers that are remembered.</summary>
    private const int MaxCallers = 10_000;

    private readonly ConcurrentDictionary<string, CallerUsage> _callers = new(StringComparer.Ordinal);

    /// <summary>Counts a submission.</summary>
    /// <exception cref="ProblemException">The caller has made too many.</exception>
    public void CountSubmission(Caller caller)
    {
        if (UsageOf(caller).Submit() is { } wait)
        {
            throw Problems.TooManySubmissions(settings.MaxSubmissionsPerMinute, wait);
        }
    }

    /// <summary>Takes a place among the caller's jobs that have not ended.</summary>
    /// <returns>Holds the place until the job is there to be counted, or will never be.</returns>
    /// <exception cref="ProblemException">All are taken.</exception>
    public async ValueTask<JobPlace> TakePlaceAsync(DurableTaskClient durable, Caller caller, CancellationToken cancellationToken)
    {
        var usage = UsageOf(caller);
        if (usage.Age is not { } age)
        {
            await usage.CountAsync(durable, caller.OwnPrefix, TimeSpan.Zero).WaitAsync(cancellationToken);
        }
        else if (age >= CountAge)
        {
            _ = usage.CountAsync(durable, caller.OwnPrefix, CountAge);
        }

        if (usage.TakePlace() is { } place)
        {
            return place;
        }

        await usage.CountAsync(durable, caller.OwnPrefix, RefusingCountAge).WaitAsync(cancellationToken);
        return usage.TakePlace() ?? throw Problems.TooManyOpenJobs(settings.MaxOpenJobs, RetryAfter);
    }

    private CallerUsage UsageOf(Caller caller)
    {
        if (_callers.Count >= MaxCallers)
        {
            // What is forgotten is counted anew.
            _callers.Clear();
        }

        return _callers.GetOrAdd(caller.Tag ?? "", static (_, limits) => new CallerUsage(limits.settings, limits.time), (settings, time));
    }
}
