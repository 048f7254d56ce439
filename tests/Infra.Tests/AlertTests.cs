using System.Text.Json;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>Alerts watch what exists, tell somebody, and are explained.</summary>
public sealed class AlertTests
{
    private const string Prefix = "alert-test-";

    [Fact]
    public async Task MetricAlerts_OfMetrics_NameWhatAzureHas()
    {
        var criteria = (await Deployment.OfAsync(Variant.Full)).All("Microsoft.Insights/metricAlerts")
            .SelectMany(alert => alert.At("properties", "criteria", "allOf").EnumerateArray()).ToList();

        Assert.NotEmpty(criteria);
        Assert.All(criteria, criterion =>
        {
            var (type, name) = (Text(criterion, "metricNamespace"), Text(criterion, "metricName"));
            var metric = Lists.MetricOf(type, name) ?? throw new Xunit.Sdk.XunitException($"{type} has no metric '{name}' in Lists/metrics.json.");
            Assert.Contains(Text(criterion, "timeAggregation"), metric.Aggregations);
            Assert.All(criterion.GetProperty("dimensions").EnumerateArray(), dimension => Assert.Contains(Text(dimension, "name"), metric.Dimensions));
        });
    }

    [Fact]
    public async Task MetricAlerts_WithSeveralConditions_NameOneValueOfADimensionEach()
    {
        var several = (await Deployment.OfAsync(Variant.Full)).All("Microsoft.Insights/metricAlerts")
            .Select(alert => alert.At("properties", "criteria", "allOf").EnumerateArray().ToList()).Where(criteria => criteria.Count > 1).ToList();

        Assert.NotEmpty(several);
        Assert.All(several.SelectMany(criteria => criteria), criterion => Assert.All(
            criterion.GetProperty("dimensions").EnumerateArray(),
            dimension => Assert.NotEqual("*", Assert.Single(dimension.GetProperty("values").EnumerateArray()).GetString())));
    }

    [Fact]
    public async Task LogAlerts_Queries_GiveTheColumnsThatAreLookedAt()
    {
        var alerts = (await Deployment.OfAsync(Variant.Full)).All("Microsoft.Insights/scheduledQueryRules").ToList();
        var criteria = alerts.ToDictionary(alert => alert.Name, alert => Assert.Single(alert.At("properties", "criteria", "allOf").EnumerateArray()));

        var queries = await Kql.CheckAsync(criteria.ToDictionary(one => one.Key, one => Text(one.Value, "query")));

        Assert.NotEmpty(queries);
        Assert.All(queries, query =>
        {
            Assert.Empty(query.Value.Problems);
            Assert.Contains(Text(criteria[query.Key], "metricMeasureColumn"), query.Value.Columns);
            Assert.All(
                criteria[query.Key].GetProperty("dimensions").EnumerateArray(), dimension => Assert.Contains(Text(dimension, "name"), query.Value.Columns));
        });
    }

    [Fact]
    public async Task Alerts_All_TellTheActionGroupAndAreExplained()
    {
        var deployment = await Deployment.OfAsync(Variant.Full);
        var group = deployment.One("Microsoft.Insights/actionGroups");
        var alerts = deployment.All("Microsoft.Insights/metricAlerts").Concat(deployment.All("Microsoft.Insights/scheduledQueryRules")).ToList();

        Assert.All(alerts, alert => Assert.Contains(group.Id, alert.At("properties", "actions").GetRawText()));
        Assert.Equal("operators@example.org", group.At("properties", "emailReceivers")[0].GetProperty("emailAddress").GetString());
        var explained = MarkdownTable.Below("Alerts", "docs", "deploying.md");
        Assert.All(explained, row => Assert.All(row, Assert.NotEmpty));
        Assert.Equal(
            alerts.Select(alert => alert.Name[Prefix.Length..])
                .Select(name => name.StartsWith("backlog-", StringComparison.Ordinal) ? "backlog-…" : name).Distinct().Order(),
            explained.Select(row => row[0].Trim('`')).Order());
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
