using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace ModelJobs.Analyzers.Tests;

/// <summary>Each sample says at the end of a line what must be found there: <c>// MJ0001</c>. Budget: 20 seconds.</summary>
public sealed partial class SampleTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Samples");

    public static TheoryData<string> Samples() => [.. Directory.EnumerateFiles(Folder).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Analyze_Sample_FindsWhatItMarksAndNothingElse(string sample)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, sample), TestContext.Current.CancellationToken);
        var expected = text.Split('\n')
            .Index()
            .SelectMany(line => Mark().Matches(line.Item).Select(match => $"line {line.Index + 1}: {match.Value}"));

        Assert.Empty(Analysis.Compile((sample, text)).GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity == DiagnosticSeverity.Error));
        var found = (await Analysis.RunAsync((sample, text))).Select(d => $"line {d.Location.GetLineSpan().StartLinePosition.Line + 1}: {d.Id}");

        Assert.Equal(expected, found.Distinct());
    }

    [GeneratedRegex(@"(?<=//.*)MJ\d{4}")]
    private static partial Regex Mark();
}
