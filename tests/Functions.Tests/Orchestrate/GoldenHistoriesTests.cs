using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.LocalRuntime.Replay;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>
/// Jobs run for days and over deployments: today's orchestrators must replay what those of yesterday have recorded. Budget: 5 seconds.
/// </summary>
public sealed partial class GoldenHistoriesTests
{
    private const string RecordVariable = "MODELJOBS_RECORD";

    private const string WhatToDo = $"""

        Jobs that are running when this code is deployed would fail. Either
          1. change the orchestrator so that old jobs keep their path (docs/changing-orchestrators.md shows how), and keep this history; or
          2. if no job of the old version can be running at the deployment, record the histories again:
             {RecordVariable}=1 dotnet test tests/Functions.Tests --filter GoldenHistories
        """;

    public static TheoryData<string> Files() =>
    [
        .. Directory.EnumerateFiles(Folder(), "*.json", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Folder(), file))
            .Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string> ScenarioNames() => [.. Scenarios.All.Keys];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void Replay_RecordedHistory_TodaysOrchestratorDoesTheSame(string file)
    {
        Assert.SkipWhen(IsRecording, "The histories are being recorded.");
        var history = OrchestrationHistory.Load(Path.Combine(Folder(), file));

        Replay(file, () => OrchestrationReplayer.Replay(history, typeof(ModelJobsApp).Assembly));
    }

    [Theory]
    [MemberData(nameof(ScenarioNames))]
    public void Record_Scenario_HasItsHistoriesAndReplaysThem(string scenario)
    {
        var histories = Scenarios.All[scenario]();

        for (var execution = 0; execution < histories.Count; execution++)
        {
            OrchestrationReplayer.Replay(histories[execution], typeof(ModelJobsApp).Assembly);
            var file = Path.Combine(Folder(), histories.Count == 1 ? $"{scenario}.json" : $"{scenario}.{execution + 1}.json");
            if (IsRecording)
            {
                File.WriteAllText(file, SourcePaths().Replace(histories[execution].ToJson(), ""));
            }

            Assert.True(File.Exists(file), $"{file} is missing; record it with {RecordVariable}=1.");
        }
    }

    [Fact]
    public void Replay_OrchestratorThatAsksForMore_FailsAndSaysWhatToDo()
    {
        var history = OrchestrationHistory.Load(Path.Combine(Folder(), "job-lanes.json"));

        var thrown = Assert.ThrowsAny<Exception>(() => Replay("job-lanes.json", () => OrchestrationReplayer.Replay(history, context =>
        {
            _ = context.CallActivityAsync("Audit", "started");
            return JobOrchestrator.Run(context);
        })));

        Assert.Contains("job-lanes.json", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("expects activity 'PlanJob' (#0) at event 2, but the replayed code asked for activity 'Audit' (#0)", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("docs/changing-orchestrators.md", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replay_OrchestratorThatAsksForMoreFromAVersionOn_StillReplaysWhatIsOlder()
        => OrchestrationReplayer.Replay(OrchestrationHistory.Load(Path.Combine(Folder(), "job-lanes.json")), context =>
        {
            if (context.CompareVersionTo("2.0") >= 0)
            {
                _ = context.CallActivityAsync("Audit", "started");
            }

            return JobOrchestrator.Run(context);
        });

    [Theory]
    [InlineData("job-long.1.json", "ContinueAsNew")]
    [InlineData("job-failing-page.json", "SubOrchestrationInstanceFailed")]
    [InlineData("job-running.json", "ExecutionResumed")]
    [InlineData("job-paused.1.json", "EventRaised")]
    [InlineData("job-past-deadline.json", "TimerFired")]
    [InlineData("page-slices.json", "TimerFired")]
    [InlineData("page-long.2.json", "ExecutionCompleted")]
    public void Load_History_CoversWhatItIsFor(string file, string kind)
        => Assert.Contains(OrchestrationHistory.Load(Path.Combine(Folder(), file)).Whole, e => e.EventType.ToString() == kind);

    /// <summary>Where a frame of a stack trace lies in the source tree of whoever recorded it.</summary>
    [GeneratedRegex(@" in [^\n""]*?:line \d+")]
    private static partial Regex SourcePaths();

    private static bool IsRecording => Environment.GetEnvironmentVariable(RecordVariable) is "1" or "true";

    private static void Replay(string file, Action replay)
    {
        try
        {
            replay();
        }
        catch (NonDeterminismException exception)
        {
            Assert.Fail($"Orchestrate/Histories/{file}: {exception.Message}{Environment.NewLine}{WhatToDo}");
        }
    }

    /// <summary>The folder in the source tree, for recordings belong there.</summary>
    private static string Folder([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "Histories");
}
