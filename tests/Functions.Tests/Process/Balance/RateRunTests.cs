using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Process.Runners.Chat;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.OpenAi;

namespace ModelJobs.Functions.Tests.Process.Balance;

/// <summary>Thousands of calls against limits, on virtual time: how near the rate comes to what is allowed, and how seldom it goes beyond.</summary>
public sealed class RateRunTests
{
    private const int Limit = 600;
    private const int Many = 5000;

    private readonly VirtualTime _time = new();
    private readonly Random _random = new(7);

    [Theory]
    [InlineData(60)] // a minute's worth may come at once, as with OpenAI
    [InlineData(1)] // a second's worth, as with Azure OpenAI
    public async Task Run_LimitToldByHeaders_TakesTheIdealTimeAndIsHardlyThrottled(double burstSeconds)
    {
        var standIn = StandIn(burstSeconds);

        var run = await RunAsync(standIn, Many);

        Assert.InRange(run.EndedAt, 0, 1.05 * Ideal(standIn, Many));
        Assert.InRange(ThrottledShare(standIn, 60, double.MaxValue), 0, 0.01);
        Assert.Empty(run.Failed);
    }

    [Fact]
    public async Task Run_LimitSetByConfigurationOnly_TakesTheIdealTimeAndIsNeverThrottled()
    {
        var standIn = StandIn(burstSeconds: 2, tellsLimits: false);

        var run = await RunAsync(standIn, 2000, options => options with { RequestsPerMinute = Limit });

        Assert.InRange(run.EndedAt, 0, 1.05 * Ideal(standIn, 2000));
        Assert.Equal(0, ThrottledShare(standIn, 0, double.MaxValue));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(1)]
    public async Task Run_LimitToldByNobody_IsFoundByProbing(double burstSeconds)
    {
        var standIn = StandIn(burstSeconds, tellsLimits: false);

        var run = await RunAsync(standIn, 2500);

        Assert.InRange(run.EndedAt, 0, 1.1 * Ideal(standIn, 2500));
        Assert.InRange(ThrottledShare(standIn, 60, double.MaxValue), 0, 0.02);
        Assert.Empty(run.Failed);
    }

    [Theory]
    [InlineData(1200, true)]
    [InlineData(300, true)]
    [InlineData(1200, false)]
    [InlineData(300, false)]
    public async Task Run_LimitChanges_TheRateFollowsWithinHalfAMinute(int changed, bool tellsLimits)
    {
        var standIn = StandIn(burstSeconds: 1, tellsLimits);

        await RunAsync(standIn, 2500, change: (100, () => standIn.Limit(changed)));

        var after = standIn.Answers.Where(answer => answer.At is > 130 and <= 160).ToList();
        Assert.InRange(after.Count(answer => answer.Status == 200), 0.9 * changed / 2, (changed / 2) + 20);
        Assert.InRange(ThrottledShare(standIn, 130, 160), 0, tellsLimits ? 0.01 : 0.05);
    }

    [Fact]
    public async Task Run_LimitOfTokens_TakesTheIdealTimeAndIsHardlyThrottled()
    {
        const int PerMinute = 18_000;
        const int Calls = 2500;
        var standIn = new OpenAiStandIn(_time) { Tokens = new StandInLimit(PerMinute), Latency = AnyLatency };

        var run = await RunAsync(standIn, Calls);

        Assert.InRange(run.EndedAt, 0, 1.05 * (run.Tokens - PerMinute) * 60 / PerMinute);
        Assert.InRange(ThrottledShare(standIn, 60, double.MaxValue), 0, 0.01);
        Assert.Empty(run.Failed);
    }

    [Fact]
    public async Task Run_LatencyThatClimbsWithTheLoad_SettlesWhereTheEndpointIsFull()
    {
        const int Room = 20;
        var standIn = new OpenAiStandIn(_time) { Latency = busy => TimeSpan.FromSeconds(0.2 * Math.Max(1, busy / (double)Room)) };

        var run = await RunAsync(standIn, 2500);

        Assert.InRange(run.Window, Room, 4 * Room);
        Assert.InRange(run.EndedAt, 0, 1.1 * 2500 * 0.2 / Room);
    }

    [Fact]
    public async Task Run_OverHttp_TakesTheIdealTimeToo()
    {
        const int Calls = 300;
        var standIn = StandIn(burstSeconds: 1);
        await using var server = await StandInServer.StartAsync(standIn, TestContext.Current.CancellationToken);
        using var runner = new ChatRunner(Options with { Endpoint = server.Endpoint }, _time);
        var load = new VirtualLoad(_time, standIn, runner);

        await load.RunAsync(Calls);

        Assert.InRange(load.EndedAt, 0, 1.1 * Ideal(standIn, Calls));
        Assert.Empty(load.Failed);
    }

    [Fact]
    public async Task Run_SomeAnswersAreErrors_AllItemsEndWell()
    {
        var standIn = StandIn(burstSeconds: 60);
        standIn.Script = request => request.Number % 20 == 0 ? OpenAiStandIn.Error(500, "server_error", "") : null;

        var run = await RunAsync(standIn, 1500);

        Assert.Empty(run.Failed);
        Assert.InRange(run.EndedAt, 0, 1.1 * Ideal(standIn, 1500));
    }

    [Fact]
    public async Task Run_SmallJobBesideALargeOne_TakesNoMoreThanThreeTimesItsTimeAlone()
    {
        var alone = await EndsAsync(("small", 10));

        var beside = await EndsAsync(("large", 1000), ("small", 10));

        Assert.InRange(beside["small"], 0, 3 * alone["small"]);
        Assert.True(beside["large"] > 10 * beside["small"]);
    }

    private async Task<Dictionary<string, double>> EndsAsync(params (string Job, int Items)[] jobs)
    {
        var time = new VirtualTime();
        var standIn = new OpenAiStandIn(time) { Requests = new StandInLimit(Limit, burstSeconds: 1), Latency = AnyLatency };
        using var handler = new StandInHandler(standIn);
        using var runner = new ChatRunner(Options, time, handler);
        return await new VirtualLoad(time, standIn, runner).RunAsync(
            [.. jobs.Select(job => (new JobShare(job.Job), job.Items))], "\"hello\"");
    }

    private static ChatRunnerOptions Options => new() { Endpoint = "http://stand-in/v1", Model = "stand-in" };

    private OpenAiStandIn StandIn(double burstSeconds, bool tellsLimits = true) =>
        new(_time) { Requests = new StandInLimit(Limit, burstSeconds), TellsLimits = tellsLimits, Latency = AnyLatency };

    // From a fifth of a second to one and a half.
    private TimeSpan AnyLatency(int busy)
    {
        lock (_random)
        {
            return TimeSpan.FromSeconds(0.2 + (1.3 * _random.NextDouble() * _random.NextDouble()));
        }
    }

    private async Task<Run> RunAsync(
        OpenAiStandIn standIn, int items, Func<ChatRunnerOptions, ChatRunnerOptions>? configure = null, (double At, Action Do)? change = null)
    {
        using var handler = new StandInHandler(standIn);
        using var runner = new ChatRunner(configure?.Invoke(Options) ?? Options, _time, handler);
        var load = new VirtualLoad(_time, standIn, runner);
        if (change is { } changed)
        {
            load.Events.Add(changed);
        }

        await load.RunAsync(items);
        var run = new Run(load.EndedAt, load.Failed, runner.Balance.Window, runner.Balance.Tokens);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{items} items ended after {run.EndedAt:F1} s; throttled {ThrottledShare(standIn, 0, double.MaxValue):P2}, after the first minute {ThrottledShare(standIn, 60, double.MaxValue):P2}; {runner.Balance}");
        return run;
    }

    private static double Ideal(OpenAiStandIn standIn, int items) => (items - standIn.Requests!.Capacity) * 60 / Limit;

    private static double ThrottledShare(OpenAiStandIn standIn, double from, double to)
    {
        var answers = standIn.Answers.Where(answer => answer.At > from && answer.At <= to).ToList();
        return answers.Count == 0 ? 0 : answers.Count(answer => answer.Status == 429) / (double)answers.Count;
    }

    private sealed record Run(double EndedAt, IReadOnlyList<ItemOutcome> Failed, int Window, long Tokens);
}
