using ModelJobs.Cli.Output;
using ModelJobs.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ModelJobs.Cli.Progress;

/// <summary>The right end of the progress bar: <c>1,200/10,000  450 items/s  20 s left  3 failed</c>.</summary>
internal sealed class JobNumbersColumn : ProgressColumn
{
    // Written by the watch, read by the bar's own refresh.
    private volatile Job? _job;

    /// <summary>Shows this status from now on.</summary>
    public void Show(Job job) => _job = job;

    /// <inheritdoc/>
    protected override bool NoWrap => true;

    /// <inheritdoc/>
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
    {
        if (_job is not { } job)
        {
            return Text.Empty;
        }

        var numbers = new Paragraph($"{JobText.Count(JobText.Done(job.Items))}/{JobText.Count(job.Items.Total)}");
        if (job.ItemsPerSecond is { } rate)
        {
            numbers.Append($"  {JobText.Rate(rate)}", new Style(Color.Grey));
        }

        if (!job.HasEnded() && job.EtaSeconds is { } eta)
        {
            numbers.Append($"  {JobText.Duration(TimeSpan.FromSeconds(eta))} left", new Style(Color.Grey));
        }

        if (!job.HasEnded() && job.Balance is { } balance)
        {
            numbers.Append($" {BalanceText.Short(balance).TrimStart(',')}", new Style(Color.Grey));
        }

        if (JobText.NotSucceeded(job.Items) is { Length: > 0 } others)
        {
            numbers.Append($" {others.TrimStart(',')}", new Style(Color.Red));
        }

        return numbers;
    }
}
