using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>What Application Insights is sent of a job: what the alerts and the workbook look for.</summary>
public sealed class ApplicationInsightsTests(StorageEmulator storage)
{
    [Fact]
    public async Task Job_ThatEnded_HasItsMetricsAndItsSpansInOneOperation()
    {
        await using var insights = await IngestionEndpoint.StartAsync();
        Job job;
        await using (var app = await LocalApp.StartAsync(
            storage,
            $"APPLICATIONINSIGHTS_CONNECTION_STRING={insights.ConnectionString}",
            "OTEL_TRACES_SAMPLER=microsoft.fixed_percentage",
            "OTEL_TRACES_SAMPLER_ARG=1.0",
            "Models:watched:Runner=simulate"))
        {
            job = await app.Jobs.SubmitAsync("?model=watched&chunkItems=2", Enumerable.Range(1, 3).Select(id => $$$"""{"input":{"id":{{{id}}},"duration":0}}"""));
            job = await app.Jobs.WaitAsync(job.Id);
        }

        // The app sends what it has left when it stops.
        Assert.Equal(JobStatus.Succeeded, job.Status);
        var metric = Assert.Single(
            insights.Of("MetricData").Select(DataOf),
            data => data.GetProperty("metrics")[0].GetProperty("name").GetString() == "modeljobs.items" && Property(data, "job.model") == "watched");
        Assert.Equal(3, metric.GetProperty("metrics")[0].GetProperty("value").GetDouble());
        Assert.Equal("succeeded", Property(metric, "outcome"));

        var spans = insights.Of("RemoteDependencyData").Concat(insights.Of("RequestData")).Where(span => Property(DataOf(span), "job.id") == job.Id).ToList();
        Assert.Equal(
            ["assemble", "collect page", "dispatch page", "job end", "process chunk", "submit"],
            spans.Select(span => DataOf(span).GetProperty("name").GetString()).Distinct().Order(StringComparer.Ordinal));
        Assert.Single(spans.Select(span => span.GetProperty("tags").GetProperty("ai.operation.id").GetString()).Distinct());
    }

    private static JsonElement DataOf(JsonElement envelope) => envelope.GetProperty("data").GetProperty("baseData");

    private static string? Property(JsonElement data, string name) =>
        data.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out var value) ? value.GetString() : null;
}
