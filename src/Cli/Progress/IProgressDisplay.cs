using ModelJobs.Contracts;

namespace ModelJobs.Cli.Progress;

/// <summary>Shows a job's progress to a person while it is watched.</summary>
internal interface IProgressDisplay
{
    /// <summary>How often the display is worth a new status.</summary>
    TimeSpan Interval { get; }

    /// <summary>Shows progress for as long as <paramref name="watch"/> runs.</summary>
    /// <param name="watch">Watches the job, tells the sink what it sees, and returns the job as it ended.</param>
    /// <returns>What <paramref name="watch"/> returned.</returns>
    Task<Job> ShowAsync(Func<IProgressSink, Task<Job>> watch);
}

/// <summary>Takes what a watch sees.</summary>
internal interface IProgressSink
{
    /// <summary>A new status, possibly the same as before.</summary>
    void Report(Job job);

    /// <summary>Something to know beside the status: contact with the service is lost, say.</summary>
    void Notice(string message);
}
