using DurableTask.Core.History;
using Microsoft.DurableTask.Converters;
using ModelJobs.Contracts;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Tests.Orchestrate;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.Functions.Tests.Notify;

/// <summary>The orchestration under a clock of its own: days pass at once.</summary>
public sealed class WebhookOrchestratorTests
{
    private static readonly WebhookAttempt Busy = new(WebhookOutcome.Failed, Status: 503);
    private static readonly WebhookAttempt Taken = new(WebhookOutcome.Delivered, Status: 204);
    private static readonly WebhookAttempt JobRuns = new(WebhookOutcome.JobRuns);

    [Fact]
    public void Run_ReceiverTakesItAtOnce_EndsWithOneAttempt()
    {
        var (told, waits) = Run(_ => Taken);

        Assert.Equal(new JobWebhook(WebhookState.Delivered, 1, 204), told);
        Assert.Empty(waits);
    }

    [Fact]
    public void Run_ReceiverNeverTakesIt_IsTriedOverDaysAndGivenUp()
    {
        var (told, waits) = Run(_ => Busy);

        Assert.Equal(new JobWebhook(WebhookState.Failed, 10, 503, WebhookOrchestrator.Refused), told);
        Assert.Equal(WebhookOrchestrator.Waits, waits);
        Assert.Equal(["00:00:05", "00:05:00", "00:30:00", "02:00:00", "05:00:00", "10:00:00", "14:00:00", "20:00:00", "1.00:00:00"], waits.Select(wait => wait.ToString("c")));
    }

    [Fact]
    public void Run_ReceiverComesBack_EndsThen()
    {
        var (told, waits) = Run(call => call < 3 ? new WebhookAttempt(WebhookOutcome.Failed, Error: WebhookSender.TimedOut) : Taken);

        Assert.Equal(new JobWebhook(WebhookState.Delivered, 3, 204), told);
        Assert.Equal(WebhookOrchestrator.Waits.Take(2), waits);
    }

    [Fact]
    public void Run_ReceiverIsGone_IsNotCalledAgain()
    {
        var (told, waits) = Run(call => call == 1 ? Busy : new WebhookAttempt(WebhookOutcome.Gone, Status: 410));

        Assert.Equal(new JobWebhook(WebhookState.Failed, 2, 410, WebhookOrchestrator.Refused), told);
        Assert.Single(waits);
    }

    [Fact]
    public void Run_ReceiverAsksForMoreTime_GetsItAndNoLess()
    {
        var (_, waits) = Run(call => call switch
        {
            1 => Busy with { RetryAfter = TimeSpan.FromHours(1) },
            2 => Busy with { RetryAfter = TimeSpan.FromSeconds(1) },
            _ => Taken,
        });

        Assert.Equal([TimeSpan.FromHours(1), TimeSpan.FromMinutes(5)], waits);
    }

    [Fact]
    public void Run_Jitter_MakesTheWaitLonger()
    {
        var (_, waits) = Run(call => call == 1 ? Busy with { Jitter = 0.1 } : Taken);

        Assert.Equal([TimeSpan.FromSeconds(5.5)], waits);
    }

    [Fact]
    public void Run_JobHasNotQuiteEnded_IsLookedAtAgainWithoutCountingAttempts()
    {
        var (told, waits) = Run(call => call < 4 ? JobRuns : Taken);

        Assert.Equal(new JobWebhook(WebhookState.Delivered, 1, 204), told);
        Assert.Equal([0.25, 0.5, 1], waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public void Run_JobNeverEnds_IsGivenUpAfterDays()
    {
        var (told, waits) = Run(_ => JobRuns);

        Assert.Equal(new JobWebhook(WebhookState.Failed, 0, LastError: WebhookOrchestrator.JobRuns), told);
        Assert.InRange(waits.Aggregate((sum, wait) => sum + wait), TimeSpan.FromDays(3), TimeSpan.FromDays(5));
    }

    [Fact]
    public void Run_JobIsDeleted_Stops()
    {
        var (told, waits) = Run(call => call == 1 ? Busy : new WebhookAttempt(WebhookOutcome.JobDeleted));

        Assert.Equal(new JobWebhook(WebhookState.Failed, 1, 503, WebhookOrchestrator.JobDeleted), told);
        Assert.Single(waits);
    }

    [Fact]
    public void Run_AttemptCannotBeRun_CountsAsFailed()
    {
        var history = new FlowSimulation((_, _) => Answer.Fail(1, "The back end is away.")).Run(nameof(WebhookOrchestrator), Id, Order).HistoriesOf(Id)[^1];

        Assert.Equal(new JobWebhook(WebhookState.Failed, 10, LastError: WebhookOrchestrator.NotSent), ResultOf(history));
    }

    [Fact]
    public void Run_Waiting_SaysInItsStatusWhatComesNext()
    {
        var simulation = new FlowSimulation((_, _) => new Answer(TimeSpan.FromSeconds(1), Busy));

        var status = simulation.Run(nameof(WebhookOrchestrator), Id, Order, until: TimeSpan.FromMinutes(1)).StatusOf<JobWebhook>(Id);

        // Two calls of a second each, five seconds apart.
        Assert.Equal(
            new JobWebhook(WebhookState.Pending, 2, 503, WebhookOrchestrator.Refused, FlowSimulation.Begin.AddSeconds(7).AddMinutes(5)), status);
    }

    private static string Id => Order.Id;

    private static WebhookOrder Order { get; } = new(FlowBench.Job, Round: 0, "https://example.org/hook", "{}");

    /// <summary>Runs it to its end.</summary>
    /// <param name="script">What the n-th attempt comes to.</param>
    /// <returns>What it returned, and the waits before further attempts.</returns>
    private static (JobWebhook Told, IReadOnlyList<TimeSpan> Waits) Run(Func<int, WebhookAttempt> script)
    {
        var histories = new FlowSimulation((_, attempt) => new Answer(TimeSpan.FromSeconds(1), script(attempt)))
            .Run(nameof(WebhookOrchestrator), Id, Order).HistoriesOf(Id);
        var history = Assert.Single(histories);
        OrchestrationReplayer.Replay(history, typeof(ModelJobsApp).Assembly);
        var waits = history.Whole.OfType<TimerCreatedEvent>().Select(timer => timer.FireAt - timer.Timestamp).ToList();
        return (ResultOf(history), waits);
    }

    private static JobWebhook ResultOf(OrchestrationHistory history) =>
        JsonDataConverter.Default.Deserialize<JobWebhook>(history.Whole.OfType<ExecutionCompletedEvent>().Single().Result)!;
}
