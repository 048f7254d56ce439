using ModelJobs.Cli.Client;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Progress;

/// <summary>Watching a job in the way that fits where standard error goes.</summary>
internal static class ProgressDisplay
{
    /// <summary>Watches a job and shows its progress on standard error.</summary>
    /// <returns>The job as it ended.</returns>
    public static Task<Job> WatchAsync(this CommandEnvironment environment, JobsClient client, string id, CancellationToken cancellationToken)
    {
        IProgressDisplay display = environment.Console.ErrorIsTerminal
            ? new BarProgress(environment.Console.ErrorRich, environment.Time)
            : new PlainProgress(environment.Console.Error, environment.Time);
        var watcher = new JobWatcher(client, environment.Time);
        return display.ShowAsync(sink => watcher.WatchAsync(id, display.Interval, sink, cancellationToken));
    }
}
