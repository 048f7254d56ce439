using System.Runtime.CompilerServices;

namespace ModelJobs.Analyzers.Tests;

/// <summary>The analyzer over the app itself, which the build runs too: here it is seen to look.</summary>
public sealed class AppTests
{
    [Fact]
    public async Task Analyze_App_FindsNothing() => Assert.Empty(await Analysis.RunAsync(Sources()));

    [Fact]
    public async Task Analyze_AppWithFaults_FindsEachAndSaysHowAnOrchestratorComesThere()
    {
        (string File, string Text, string Replacement, string Rule, string Way)[] faults =
        [
            ("JobOrchestrator.cs", "run = await PlanAsync", "_ = Guid.NewGuid(); run = await PlanAsync", "MJ0002", "JobOrchestrator.Run)"),
            ("PageWindow.cs", "ReportProgress();", "ReportProgress(); _ = DateTime.UtcNow;", "MJ0001", "JobOrchestrator.Run > JobOrchestrator.RunPagesAsync > PageWindow.RunAsync)"),
            ("PageWindow.cs", "SortedDictionary<int", "Dictionary<int", "MJ0007", "JobOrchestrator.RunPagesAsync > PageWindow.RunAsync > PageWindow.TakeFinishedAsync)"),
            ("Lanes.cs", "OrderByKey: true } =>", "OrderByKey: true } when File.Exists(\"x\") =>", "MJ0004", "Lanes.CountOf)"),
            ("PageOrchestrator.cs", "run = run with { IdleSince", "await Task.Delay(1); run = run with { IdleSince", "MJ0003", "PageOrchestrator.Run)"),
        ];
        var sources = Sources().Select(source => (source.Name, faults.Where(fault => fault.File == source.Name).Aggregate(
            source.Text, (text, fault) => text.Replace(fault.Text, fault.Replacement, StringComparison.Ordinal))));

        var found = await Analysis.RunAsync(sources);

        Assert.All(faults, fault => Assert.Contains(found, d => d.Id == fault.Rule && d.GetMessage(null).EndsWith(fault.Way, StringComparison.Ordinal)));
    }

    private static IEnumerable<(string Name, string Text)> Sources([CallerFilePath] string source = "")
    {
        var app = Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "src", "Functions");
        return Directory.EnumerateFiles(app, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(file => (Path.GetFileName(file), File.ReadAllText(file)));
    }
}
