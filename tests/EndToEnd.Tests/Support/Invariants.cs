using ModelJobs.Contracts;
using ModelJobs.Functions.Control;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>The design's invariants, checked after every test that runs a job. Numbers as in the design.</summary>
public static class Invariants
{
    /// <summary>Checks a job that ended.</summary>
    /// <param name="app">The app that ran it.</param>
    /// <param name="job">Its final status.</param>
    public static async Task CheckAsync(LocalApp app, Job job)
    {
        await CheckLinesAsync(app.Jobs, job);
        CheckOrder(app, job);
        await QueueInvariants.CheckAsync(app);
        await HistoryInvariants.CheckAsync(app);
    }

    /// <summary>1: every item has exactly one line, in order. 3: the counts add up. 4: the job has ended. Sees only what a caller sees.</summary>
    public static async Task CheckLinesAsync(JobsApi jobs, Job job)
    {
        Assert.True(
            job.Status is JobStatus.Succeeded or JobStatus.Canceled || job.Error?.Code is JobControl.DeadlineExceeded or JobControl.ToleranceExceeded,
            $"Job ended as {job.Status}: {job.Error?.Message}");
        Assert.NotNull(job.CompletedAt);
        Assert.Equal(100, job.Percent);
        Assert.Equal(job.Items.Total, job.Items.Succeeded + job.Items.Failed + job.Items.Canceled + job.Items.Discarded);
        Assert.Equal(job.Pages.Total, job.Pages.Completed);

        await using var output = jobs.ResultsAsync(job.Id).GetAsyncEnumerator();
        await using var errors = jobs.ErrorsAsync(job.Id).GetAsyncEnumerator();
        var counts = new Dictionary<ItemStatus, long>();
        var hasOutput = await output.MoveNextAsync();
        var hasError = await errors.MoveNextAsync();
        for (var index = 0L; index < job.Items.Total; index++)
        {
            if (hasOutput && output.Current.Index == index)
            {
                Assert.Equal(ItemStatus.Succeeded, output.Current.Status);
                Assert.NotNull(output.Current.Output);
                Assert.Null(output.Current.Error);
                Count(output.Current);
                hasOutput = await output.MoveNextAsync();
            }
            else
            {
                Assert.True(hasError && errors.Current.Index == index, $"Item {index} has no line in its place.");
                Assert.NotEqual(ItemStatus.Succeeded, errors.Current.Status);
                Assert.NotNull(errors.Current.Error);
                Count(errors.Current);
                hasError = await errors.MoveNextAsync();
            }
        }

        Assert.False(hasOutput, "The output has a line too many.");
        Assert.False(hasError, "The errors have a line too many.");
        Assert.Equal(
            (job.Items.Succeeded, job.Items.Failed, job.Items.Canceled, job.Items.Discarded),
            (Of(ItemStatus.Succeeded), Of(ItemStatus.Failed), Of(ItemStatus.Canceled), Of(ItemStatus.Discarded)));

        void Count(ItemResult line) => counts[line.Status] = Of(line.Status) + 1;

        long Of(ItemStatus status) => counts.GetValueOrDefault(status);
    }

    private static void CheckOrder(LocalApp app, Job job)
    {
        if (job.Options.OrderByKey)
        {
            OrderInvariants.Check(app.Recorder.Attempts);
        }
    }
}
