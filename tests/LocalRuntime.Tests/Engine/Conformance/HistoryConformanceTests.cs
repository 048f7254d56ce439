using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Tests.Engine.Conformance;

/// <summary>Histories, results and statuses are those of the real engine, event by event.</summary>
public sealed class HistoryConformanceTests
{
    private static readonly Lazy<IReadOnlyDictionary<string, string[]>> Recorded = new(Read);

    public static TheoryData<string> Names => [.. Scenarios.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Run_OfAScenario_LeavesTheHistoryOfTheRealEngine(string name)
    {
        var scenario = Scenarios.All[name];
        await using var harness = await ScenarioRun.Harness().StartAsync();

        await harness.Client.ScheduleNewOrchestrationInstanceAsync(
            name, (scenario.Options ?? new StartOrchestrationOptions()) with { InstanceId = name }, TestContext.Current.CancellationToken);
        if (scenario.Drive is { } drive)
        {
            await EngineHarness.Bounded(drive(new ScenarioRun(harness, name)));
        }

        var ended = await harness.DriveTimeAsync(harness.CompletionAsync(name));

        string[] lines =
        [
            $"{ended.RuntimeStatus} {ended.SerializedOutput} status {ended.SerializedCustomStatus}".TrimEnd(),
            .. harness.Engine.GetHistory(name).Select(HistoryText.Of),
        ];
        Assert.Equal(Recorded.Value[name], lines);
    }

    [Fact]
    public void Recording_HasEveryScenario()
        => Assert.Equal(Scenarios.All.Keys.Order(StringComparer.Ordinal), Recorded.Value.Keys.Order(StringComparer.Ordinal));

    private static Dictionary<string, string[]> Read()
        => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Engine", "Conformance", "histories.txt"))
            .Split("## ", StringSplitOptions.RemoveEmptyEntries)
            .Select(static section => section.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(static lines => lines[0], static lines => lines[1..]);
}
