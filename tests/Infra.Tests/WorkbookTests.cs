using System.Text.RegularExpressions;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>The workbook: its queries are checked with all others (<see cref="QueryTests"/>), the rest here.</summary>
public sealed partial class WorkbookTests
{
    [Fact]
    public void Tabs_All_HaveTheirGroups()
    {
        Assert.Equal(["Jobs", "One job", "Queues", "Model endpoints", "Cost", "Platform"], Workbook.Tabs().Select(tab => tab.Label));
        Assert.All(Workbook.Tabs(), tab => Assert.Single(
            Workbook.Items, item => item.TryGetProperty("conditionalVisibility", out var shown) && shown.GetProperty("value").GetString() == tab.Value));
    }

    [Fact]
    public void Items_Names_AreUnique() => Assert.Empty(Workbook.Items.GroupBy(Workbook.NameOf).Where(name => name.Count() > 1).Select(name => name.Key));

    [Fact]
    public void Charts_Metrics_AreThoseThatAzureHas()
    {
        var metrics = Workbook.Charts().SelectMany(chart => chart.GetProperty("metrics").EnumerateArray()).ToList();

        Assert.NotEmpty(metrics);
        Assert.All(metrics, chosen =>
        {
            var name = chosen.GetProperty("metric").GetString()!.Split("--");
            var metric = Lists.MetricOf(name[0], name[1]) ?? throw new Xunit.Sdk.XunitException($"{name[0]} has no metric '{name[1]}' in Lists/metrics.json.");
            Assert.Equal(name[0], chosen.GetProperty("namespace").GetString());
            Assert.Contains(AggregationOf(chosen.GetProperty("aggregation").GetInt32()), metric.Aggregations);
            if (chosen.TryGetProperty("splitBy", out var dimension))
            {
                Assert.Contains(dimension.GetString(), metric.Dimensions);
            }
        });
    }

    [Fact]
    public void Marks_InTheFile_AreThoseThatTheTemplateReplaces()
    {
        var template = Repository.Read("infra", "modules", "workbook.bicep");

        Assert.Equal(
            Mark.Matches(template).Select(mark => mark.Value).Distinct().Order(),
            Mark.Matches(Repository.Read("infra", "workbook.json")).Select(mark => mark.Value).Distinct().Order());
    }

    // As Azure Monitor numbers them.
    private static string AggregationOf(int number) => number switch { 1 => "Total", 2 => "Minimum", 3 => "Maximum", 4 => "Average", _ => $"aggregation {number}" };

    [GeneratedRegex("__[A-Z_]+?__")]
    private static partial Regex Mark { get; }
}
