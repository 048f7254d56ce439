using ModelJobs.Cli.History;
using static ModelJobs.Cli.Tests.History.Histories;

namespace ModelJobs.Cli.Tests.History;

public sealed class TimelineTests
{
    [Fact]
    public void Steps_AttemptsWithTimersBetween_AreOneStep()
    {
        var timeline = Timeline(
            60,
            Started(),
            Failed("PlanJob", 0, 1, "busy"), Timer(1, 2), Fired(2),
            Failed("PlanJob", 2, 3, "still busy"), Timer(3, 5), Fired(5),
            Completed("PlanJob", 5, 6),
            Ended(6));

        var step = Assert.Single(timeline.Steps);
        Assert.Equal(["busy", "still busy"], step.Failures);
        Assert.Equal((TimeSpan.FromSeconds(6), false), (step.Duration(timeline.End), step.HasFailed));
    }

    [Fact]
    public void Steps_AttemptsOfCallsSideBySide_AreKeptApart()
    {
        var timeline = Timeline(
            60,
            Started(),
            Failed("DispatchPage", 0, 1, "first"), Timer(1, 2),
            Completed("DispatchPage", 0, 9),
            Fired(2), Completed("DispatchPage", 2, 4),
            Ended(9));

        Assert.Equal([1, 0], timeline.Steps.Select(step => step.Failures.Count));
        Assert.Equal([4, 9], timeline.Steps.Select(step => step.Duration(timeline.End).TotalSeconds));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Steps_LastAttemptFailed_IsFailedAndLeavesNoWait(bool leavesTimer)
    {
        string[] events =
        [
            Started(), Failed("PlanJob", 0, 1, "busy"), Timer(1, 2), Fired(2), Failed("PlanJob", 2, 3, "gone"),
            .. leavesTimer ? (string[])[Timer(3, 7)] : [], Ended(3, "Failed", "gone"),
        ];

        var timeline = Timeline(60, events);

        var step = Assert.Single(timeline.Steps);
        Assert.True(step.HasFailed);
        Assert.Equal("failed after 2 attempts: gone", Assert.Single(TimelineRows.Of(timeline, all: false)).Detail);
        Assert.Equal("gone", timeline.Failure);
    }

    [Theory]
    [InlineData(5, "attempt 2 in 15 s, after: busy")]
    [InlineData(25, "attempt 2 is due, after: busy")]
    public void Steps_AttemptToCome_IsOpenAndSaysWhen(double now, string detail)
    {
        var timeline = Timeline(now, Started(), Failed("PlanJob", 0, 1, "busy"), Timer(1, 20));

        var row = Assert.Single(TimelineRows.Of(timeline, all: false));
        Assert.Equal((RowTone.Open, detail), (row.Tone, row.Detail));
    }

    [Fact]
    public void Steps_TimerOfTheOrchestratorsOwn_IsAWait()
    {
        var timeline = Timeline(60, Started(), Timer(0, 10), Fired(10), Ended(10));

        Assert.Equal((StepKind.Wait, TimeSpan.FromSeconds(10)), (Assert.Single(timeline.Steps).Kind, timeline.Steps[0].Duration(timeline.End)));
    }

    [Fact]
    public void Gaps_TimeWithoutWork_AreToldIfTheyMatter()
    {
        var timeline = Timeline(
            500, Started(), Completed("PlanJob", 0.1, 1), Completed("DispatchPage", 1.5, 2), PageCompleted(0, 62, 70), Ended(100));

        Assert.Equal([(2d, 62d), (70d, 100d)], timeline.Gaps.Select(gap => ((gap.Start - Start).TotalSeconds, (gap.End - Start).TotalSeconds)));
    }

    [Fact]
    public void End_OpenStepOfAServiceWhoseClockIsAhead_DoesNotRunBackwards()
    {
        var timeline = Timeline(-30, Started(), Scheduled("PlanJob", 4));

        Assert.Equal(TimeSpan.Zero, Assert.Single(timeline.Steps).Duration(timeline.End));
    }

    [Fact]
    public void Rows_OfALongHistory_AreAFewForEachKindUnlessAllAreAskedFor()
    {
        var pages = Enumerable.Range(0, 200).SelectMany(page => (string[])
            [Completed("DispatchPage", page, page + 0.5), PageCompleted(page, page + 0.5, page + (page == 77 ? 20 : 3))]);
        var timeline = Timeline(500, [Started(), .. pages, PageFailed(200, 201, 202, "lost"), Ended(210, "Failed")]);

        var rows = TimelineRows.Of(timeline, all: false);

        Assert.InRange(rows.Count, 5, 15);
        Assert.Contains(rows, row => row is { Title: "PageOrchestrator × 201", Tone: RowTone.Failed } && row.Detail.EndsWith("1 failed", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.Title == "PageOrchestrator (page 77)");
        Assert.Contains(rows, row => row is { Title: "PageOrchestrator (page 200)", Detail: "failed: lost" });
        Assert.Equal(402, TimelineRows.Of(timeline, all: true).Count);
    }

    [Fact]
    public void PagesBefore_ExecutionThatContinuesAsNew_AreTold() =>
        Assert.Equal(150, Timeline(1, Started("""{"NextPage":150}""")).PagesBefore);
}
