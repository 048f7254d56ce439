using ModelJobs.Cli.Output;
using ModelJobs.Contracts;
using Spectre.Console;

namespace ModelJobs.Cli.Progress;

/// <summary>Progress for a person at a terminal: a live bar with items, rate, time left and failures.</summary>
internal sealed class BarProgress(IAnsiConsole console, TimeProvider time) : IProgressDisplay
{
    // A whole second is the least that `Prefer: wait` can say.
    /// <inheritdoc/>
    public TimeSpan Interval { get; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public Task<Job> ShowAsync(Func<IProgressSink, Task<Job>> watch)
    {
        var numbers = new JobNumbersColumn();
        return new Spectre.Console.Progress(console, time)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), numbers)
            .StartAsync(context =>
            {
                var bar = context.AddTask("Submitted", maxValue: 100);
                bar.IsIndeterminate = true;
                return watch(new BarSink(console, bar, numbers));
            });
    }

    private sealed class BarSink(IAnsiConsole console, ProgressTask bar, JobNumbersColumn numbers) : IProgressSink
    {
        public void Report(Job job)
        {
            numbers.Show(job);
            bar.Description = job.Status.ToString();
            // Before the plan is made there is nothing to measure.
            bar.IsIndeterminate = job.Pages.Total == 0 && !job.HasEnded();
            bar.Value = job.Percent;
            if (job.HasEnded())
            {
                bar.StopTask();
            }
        }

        public void Notice(string message) => console.WriteLine(message);
    }
}
