using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class RetryTests
{
    [Fact]
    public async Task Policy_BackOff_EachDelayIsTheLastTimesTheCoefficientUpToTheMaximum()
    {
        var policy = new RetryPolicy(5, TimeSpan.FromSeconds(10), 3, maxRetryInterval: TimeSpan.FromSeconds(60));
        var attempts = new List<TimeSpan>();
        await using var harness = Failing(policy, attempts, failures: 4);

        var id = await harness.ScheduleAsync("Caller");
        foreach (var (timer, delay) in new[] { (1, 10), (2, 30), (3, 60), (4, 60) })
        {
            await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id, timer);
            harness.Time.Advance(TimeSpan.FromSeconds(delay));
        }

        var ended = await harness.CompletionAsync(id);

        Assert.Equal("done", ended.ReadOutputAs<string>());
        Assert.Equal([0, 10, 40, 100, 160], attempts.Select(at => (int)at.TotalSeconds));
    }

    [Fact]
    public async Task Policy_AttemptsUsedUp_TheLastFailureIsThrownWithoutAnotherDelay()
    {
        var attempts = new List<TimeSpan>();
        await using var harness = Failing(new RetryPolicy(2, TimeSpan.FromSeconds(1)), attempts, failures: 9);

        var id = await harness.ScheduleAsync("Caller");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        harness.Time.Advance(TimeSpan.FromSeconds(1));
        var ended = await harness.CompletionAsync(id);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.EndsWith("failure 2", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(2, attempts.Count);
    }

    [Fact]
    public async Task Policy_FailureIsNotOneToHandle_ThereIsNoSecondAttempt()
    {
        var policy = new RetryPolicy(5, TimeSpan.FromSeconds(1)) { HandleFailure = failure => failure.IsCausedBy<TimeoutException>() };
        var attempts = new List<TimeSpan>();
        await using var harness = Failing(policy, attempts, failures: 9);

        var ended = await harness.RunAsync("Caller");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Single(attempts);
    }

    [Fact]
    public async Task Policy_RetryTimeoutPassed_ThereIsNoFurtherAttempt()
    {
        var policy = new RetryPolicy(9, TimeSpan.FromSeconds(10), retryTimeout: TimeSpan.FromSeconds(15));
        var attempts = new List<TimeSpan>();
        await using var harness = Failing(policy, attempts, failures: 9);

        var id = await harness.ScheduleAsync("Caller");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id, 1);
        harness.Time.Advance(TimeSpan.FromSeconds(10));
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id, 2);
        harness.Time.Advance(TimeSpan.FromSeconds(10));
        await harness.CompletionAsync(id);

        Assert.Equal(3, attempts.Count);
    }

    [Fact]
    public async Task Handler_DecidesFromTheContext_AttemptsGoOnUntilItSaysNo()
    {
        var seen = new List<string>();
        await using var harness = await new EngineHarness()
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Bad", options: TaskOptions.FromRetryHandler(
                (RetryContext retry) =>
                {
                    if (!context.IsReplaying)
                    {
                        seen.Add($"{retry.LastAttemptNumber} {retry.LastFailure.ErrorMessage}");
                    }

                    return retry.LastAttemptNumber < 3;
                })))
            .Activity<string, string>("Bad", (_, _) => throw new IOException("no"))
            .StartAsync();

        var ended = await harness.RunAsync("Caller");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal(["1 no", "2 no", "3 no"], seen);
    }

    [Fact]
    public async Task Policy_OnASubOrchestrationWithAFixedId_ItIsStartedAgain()
    {
        var runs = 0;
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>(
                "Child", options: TaskOptions.FromRetryPolicy(new RetryPolicy(2, TimeSpan.FromSeconds(1))).WithInstanceId("child")))
            .Orchestrator("Child", context => ++runs == 1 ? throw new IOException("first time") : Task.FromResult(runs))
            .StartAsync();

        var id = await harness.ScheduleAsync("Parent");
        await harness.UntilHistoryHasAsync<TimerCreatedEvent>(id);
        harness.Time.Advance(TimeSpan.FromSeconds(1));
        var ended = await harness.CompletionAsync(id);

        Assert.Equal(2, ended.ReadOutputAs<int>());
    }

    /// <summary>An activity that fails so many times, under the policy; the times of its attempts are recorded.</summary>
    private static EngineHarness Failing(RetryPolicy policy, List<TimeSpan> attempts, int failures)
    {
        var harness = new EngineHarness();
        harness
            .Orchestrator("Caller", context => context.CallActivityAsync<string>("Flaky", options: TaskOptions.FromRetryPolicy(policy)))
            .Activity<string, string>("Flaky", _ =>
            {
                attempts.Add(harness.Time.GetUtcNow() - EngineHarness.StartOfTime);
                return attempts.Count <= failures ? throw new IOException($"failure {attempts.Count}") : "done";
            });
        harness.Engine.StartAsync().GetAwaiter().GetResult();
        return harness;
    }
}
