using DurableTask.Core.History;
using Microsoft.DurableTask.Converters;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Status;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>What the scenarios come to: however a job goes, its counts add up to its items.</summary>
public sealed class JobOutcomeTests
{
    [Theory]
    [InlineData("job-unordered", 5000, 0, 0, 0, null)]
    [InlineData("job-lanes", 3000, 0, 0, 0, null)]
    [InlineData("job-long", 152_000, 0, 0, 0, null)]
    [InlineData("job-window", 40_000, 0, 0, 0, null)]
    [InlineData("job-paused", 5000, 0, 0, 0, null)]
    [InlineData("job-canceled", 1300, 0, 4700, 0, JobControl.Canceled)]
    [InlineData("job-past-deadline", 3000, 0, 1000, 0, JobControl.DeadlineExceeded)]
    [InlineData("job-intolerable", 5989, 11, 0, 0, JobControl.ToleranceExceeded)]
    [InlineData("job-lost-lanes", 1010, 990, 0, 0, null)]
    [InlineData("job-webhook", 2000, 0, 0, 0, null)]
    [InlineData("job-redriven", 160_000, 0, 0, 0, null)]
    [InlineData("job-discarded", 159_000, 0, 0, 1000, null)]
    public void Run_Scenario_CountsEveryItemOnce(string scenario, long succeeded, long failed, long canceled, long discarded, string? stopped)
    {
        var completed = Scenarios.All[scenario]()[^1].Whole.OfType<ExecutionCompletedEvent>().Single();

        var summary = JsonDataConverter.Default.Deserialize<JobSummary>(completed.Result)!;

        Assert.Equal(new Totals(succeeded, failed, canceled, discarded), summary.Totals);
        Assert.Equal(stopped, summary.Stopped?.Code);
        Assert.Equal(summary.Items, succeeded + failed + canceled + discarded);
    }

    [Fact]
    public void Run_JobWithAWebhookFails_TellsItWhyAndFailsAsItWould()
    {
        var history = Scenarios.All["job-webhook-failing-page"]()[^1].Whole;

        var told = JsonDataConverter.Default.Deserialize<EndedRound>(history.OfType<TaskScheduledEvent>().Single(task => task.Name == nameof(BeginWebhook)).Input)!;
        var ended = history.OfType<ExecutionCompletedEvent>().Single();
        Assert.Equal((null, JobReader.ErrorOf(ended.FailureDetails!.ErrorType, ended.FailureDetails.ErrorMessage)), (told.Summary, told.Failure));
        Assert.Contains("damaged", told.Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_JobWithAWebhook_TellsItsAddressToNoStepOfAPage()
    {
        var history = Scenarios.All["job-webhook"]()[^1].Whole;

        var inputs = history.OfType<TaskScheduledEvent>().Select(task => task.Input)
            .Concat(history.OfType<SubOrchestrationInstanceCreatedEvent>().Select(page => page.Input)).ToList();

        Assert.NotEmpty(inputs);
        Assert.All(inputs, input => Assert.DoesNotContain("hooks.example.org", input, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_PagesReportHowLongTheirChunksWait_KeepsAsManyInFlightAsThatAllows()
    {
        var executions = Scenarios.All["job-window"]();

        var (most, last) = InFlight(executions[0].Whole);
        // Each page that ends well makes room for two: its place, and one more.
        Assert.Equal([1, 2, 2, 3, 3, 4, 4, 5, 5, 6], most.Take(10));
        Assert.Contains(1, most.Skip(12).Take(10));
        Assert.InRange(most.Skip(24).Max(), 2, 5);
        // Carried over: the next epoch does not begin anew.
        var run = JsonDataConverter.Default.Deserialize<JobRun>(executions[1].Whole.OfType<ExecutionStartedEvent>().Single().Input)!;
        Assert.Equal((1, true, last), (run.Control.Epoch, run.Window!.WasTooLarge, run.Window.Pages));
        Assert.Equal(20 * run.CompletedPages, run.Sums!.Runs);
    }

    /// <summary>How many pages were in flight once each page had been begun, and the window at the end, as the status says.</summary>
    private static (List<int> Most, int Last) InFlight(IReadOnlyList<HistoryEvent> history)
    {
        var (most, inFlight) = (new List<int>(), 0);
        foreach (var happened in history)
        {
            inFlight += happened switch
            {
                TaskScheduledEvent { Name: "DispatchPage" } => 1,
                SubOrchestrationInstanceCompletedEvent => -1,
                _ => 0,
            };
            if (happened is TaskScheduledEvent { Name: "DispatchPage" })
            {
                most.Add(inFlight);
            }
        }

        var next = history.OfType<ContinueAsNewEvent>().Single();
        return (most, JsonDataConverter.Default.Deserialize<JobRun>(next.Result)!.Window!.Pages);
    }

    [Fact]
    public void Run_JobWithLanesIsResumed_DispatchesWhatIsUnansweredInOrderAndCountsLanesAnew()
    {
        var orders = Scenarios.All["job-paused"]()[^1].Whole.OfType<TaskScheduledEvent>()
            .Where(scheduled => scheduled.Name == "DispatchPage")
            .Select(scheduled => JsonDataConverter.Default.Deserialize<ModelJobs.Functions.Dispatch.DispatchOrder>(scheduled.Input)!)
            .ToList();

        Assert.Equal([1, 2, 3, 4], orders.Select(order => order.Page));
        Assert.Empty(orders[0].LaneChunks);
        Assert.All(orders, order => Assert.Equal((1, 100, 0), (order.Epoch, order.Dispatch, order.Round)));
    }

    [Fact]
    public void Run_LanesLoseTheirChunksAgainAndAgain_AreSentAgainTenTimesAndThenWaitedFor()
    {
        // An execution for each epoch: the first, in which some items answered, the next, and one for each of ten more without an answer.
        Assert.Equal(2 + 10, Scenarios.All["job-lost-lanes"]().Count);
    }
}
