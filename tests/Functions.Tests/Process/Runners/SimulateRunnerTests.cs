using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

public sealed class SimulateRunnerTests
{
    private readonly TimerLog _time = new();
    private readonly SimulateRunner _runner;

    public SimulateRunnerTests() => _runner = new SimulateRunner(_time);

    [Fact]
    public async Task RunAsync_EventOfTheArticle_AnswersAfterItsDuration()
    {
        var run = _runner.RunBoundedAsync(Calls.Of("""{"id": 7, "duration": 0.2}"""));

        Assert.Equal(TimeSpan.FromSeconds(0.2), await _time.NextTimerAsync());
        Assert.False(run.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal("\"Event 7 processed\"", Assert.Single(await run).Json());
    }

    [Fact]
    public async Task RunAsync_SeveralItems_RunsThemOneAfterAnother()
    {
        var run = _runner.RunBoundedAsync(Calls.Of("""{"id": 1, "duration": 0.5}""", """{"id": 2, "duration": 0.1}"""));

        Assert.Equal(TimeSpan.FromSeconds(0.5), await _time.NextTimerAsync());
        Assert.Equal(0, _time.Pending);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(TimeSpan.FromSeconds(0.1), await _time.NextTimerAsync());
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(["\"Event 1 processed\"", "\"Event 2 processed\""], (await run).Select(outcome => outcome.Json()));
    }

    [Theory]
    [InlineData("""{"id": 1, "duration": 0}""")]
    [InlineData("""{"id": 1}""")]
    public async Task RunAsync_NoDuration_SetsNoTimer(string input)
    {
        var outcome = await _runner.RunOneAsync(input);

        Assert.Equal("\"Event 1 processed\"", outcome.Json());
        Assert.Equal(0, _time.Pending);
    }

    [Fact]
    public async Task RunAsync_IdIsAString_AnswersWithIt() =>
        Assert.Equal("\"Event a-7 processed\"", (await _runner.RunOneAsync("""{"id": "a-7"}""")).Json());

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task RunAsync_FailTimes_FailsThatManyAttempts(int attempt, bool succeeds)
    {
        var outcome = await _runner.RunOneAsync("""{"id": 7, "fail": "transient", "failTimes": 2}""", attempt);

        Assert.Equal(succeeds, outcome.Error is null);
        Assert.Equal(!succeeds, outcome.IsTransient);
    }

    [Theory]
    [InlineData("transient", true)]
    [InlineData("permanent", false)]
    public async Task RunAsync_FailWithoutTimes_FailsEveryAttempt(string fail, bool isTransient)
    {
        var outcome = await _runner.RunOneAsync($$"""{"id": 7, "fail": "{{fail}}"}""", attempt: 1_000_000);

        Assert.Equal("simulated", outcome.Error?.Code);
        Assert.Equal(isTransient, outcome.IsTransient);
    }

    [Fact]
    public async Task RunAsync_FailingEvent_TakesItsDurationFirst()
    {
        var run = _runner.RunBoundedAsync(Calls.Of("""{"id": 7, "duration": 1, "fail": "transient"}"""));

        await _time.NextTimerAsync();
        Assert.False(run.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(Assert.Single(await run).IsTransient);
    }

    [Theory]
    [InlineData("7", "not an object")]
    [InlineData("{}", "\"id\" must be there")]
    [InlineData("""{"id": null}""", "\"id\" must be there")]
    [InlineData("""{"id": 1, "duration": -0.1}""", "from 0 to 3600")]
    [InlineData("""{"id": 1, "duration": 3600.1}""", "from 0 to 3600")]
    [InlineData("""{"id": 1, "duration": 1e400}""", "from 0 to 3600")]
    [InlineData("""{"id": 1, "duration": "1"}""", "from 0 to 3600")]
    [InlineData("""{"id": 1, "fail": "often"}""", "\"crash\" or \"stall\"")]
    [InlineData("""{"id": 1, "fail": true}""", "\"crash\" or \"stall\"")]
    [InlineData("""{"id": 1, "fail": "transient", "failTimes": -1}""", "whole number")]
    [InlineData("""{"id": 1, "fail": "transient", "failTimes": 1.5}""", "whole number")]
    [InlineData("""{"id": 1, "failTimes": 1}""", "\"failTimes\" beside it")]
    public async Task RunAsync_BadInput_FailsForGoodAndSaysWhatToSend(string input, string problem)
    {
        var outcome = await _runner.RunOneAsync(input);

        Assert.Equal("invalid_input", outcome.Error?.Code);
        Assert.False(outcome.IsTransient);
        Assert.Contains(problem, outcome.Error?.Message, StringComparison.Ordinal);
        Assert.Contains("""Send {"id": 7, "duration": 0.2}""", outcome.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_LongestDuration_IsAccepted()
    {
        var run = _runner.RunBoundedAsync(Calls.Of($$"""{"id": 1, "duration": {{SimulateRunner.MaxDurationSeconds}}}"""));

        Assert.Equal(TimeSpan.FromHours(1), await _time.NextTimerAsync());
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Null(Assert.Single(await run).Error);
    }

    [Fact]
    public async Task RunAsync_BadItemAmongGoodOnes_FailsAlone()
    {
        var outcomes = await _runner.RunBoundedAsync(Calls.Of("""{"id": 1}""", "[]", """{"id": 3}"""));

        Assert.Equal([true, false, true], outcomes.Select(outcome => outcome.Error is null));
    }

    [Fact]
    public async Task RunAsync_EndedWhileAnItemWaits_KeepsWhatIsDone()
    {
        using var cancellation = new CancellationTokenSource();
        var run = _runner.RunAsync(Calls.Of("""{"id": 1}""", """{"id": 2, "duration": 60}""", """{"id": 3}"""), cancellation.Token);
        await _time.NextTimerAsync();

        await cancellation.CancelAsync();

        var outcomes = await run.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);
        Assert.Equal("\"Event 1 processed\"", outcomes[0].Json());
        Assert.All(outcomes.Skip(1), outcome => Assert.Same(ItemOutcome.Canceled, outcome));
    }

    [Fact]
    public async Task RunAsync_EndedBefore_RunsNothing() =>
        Assert.Same(ItemOutcome.Canceled, Assert.Single(await _runner.RunAsync(Calls.Of("""{"id": 1}"""), new CancellationToken(canceled: true))));

    [Theory]
    [InlineData("crash")]
    [InlineData("stall")]
    public async Task RunAsync_MayNotHarmItsWorker_FailsForGoodAndSaysWhatAllowsIt(string fail)
    {
        var outcome = await _runner.RunOneAsync($$"""{"id": 7, "fail": "{{fail}}"}""");

        Assert.Equal(("invalid_input", false), (outcome.Error?.Code, outcome.IsTransient));
        Assert.Contains("AllowCrash=true", outcome.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Crash_EndsTheProcessAsOftenAsItIsTold()
    {
        var crashes = new List<string>();
        var runner = new SimulateRunner(_time, new SimulateRunnerOptions { AllowCrash = true }, crashes.Add);
        const string Input = """{"id": 7, "fail": "crash", "failTimes": 2}""";

        await runner.RunOneAsync(Input, attempt: 2);
        var third = await runner.RunOneAsync(Input, attempt: 3);

        Assert.Contains("Event 7", Assert.Single(crashes), StringComparison.Ordinal);
        Assert.Equal("\"Event 7 processed\"", third.Json());
    }

    [Fact]
    public async Task RunAsync_Stall_OnlyEndsWithTheRun()
    {
        using var cancellation = new CancellationTokenSource();
        var run = new SimulateRunner(_time, new SimulateRunnerOptions { AllowCrash = true }, _ => { }).RunAsync(Calls.Of("""{"id": 1, "fail": "stall"}"""), cancellation.Token);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.False(run.IsCompleted);

        await cancellation.CancelAsync();

        Assert.Same(ItemOutcome.Canceled, Assert.Single(await run.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken)));
    }
}
