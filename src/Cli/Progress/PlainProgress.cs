using System.Text;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Progress;

/// <summary>Progress for a log: a line at each change, at most one every <see cref="Interval"/>, and always the last.</summary>
internal sealed class PlainProgress(TextWriter writer, TimeProvider time) : IProgressDisplay, IProgressSink
{
    private string? _lastLine;
    private long _lastWritten;

    /// <inheritdoc/>
    public TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public Task<Job> ShowAsync(Func<IProgressSink, Task<Job>> watch) => watch(this);

    /// <inheritdoc/>
    public void Report(Job job)
    {
        var line = Line(job);
        if (line == _lastLine)
        {
            return;
        }

        if (_lastLine is not null && !job.HasEnded() && time.GetElapsedTime(_lastWritten) < Interval)
        {
            return;
        }

        writer.WriteLine(line);
        _lastLine = line;
        _lastWritten = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public void Notice(string message) => writer.WriteLine(message);

    private static string Line(Job job)
    {
        var line = new StringBuilder($"{job.Status}: {JobText.Count(JobText.Done(job.Items))} of {JobText.Items(job.Items.Total)}");
        line.Append(JobText.NotSucceeded(job.Items));
        if (!job.HasEnded() && job.ItemsPerSecond is { } rate)
        {
            line.Append($", {JobText.Rate(rate)}");
        }

        if (!job.HasEnded() && job.EtaSeconds is { } eta)
        {
            line.Append($", {JobText.Duration(TimeSpan.FromSeconds(eta))} left");
        }

        if (!job.HasEnded() && job.Balance is { } balance)
        {
            line.Append(BalanceText.Short(balance));
        }

        return line.ToString();
    }
}
