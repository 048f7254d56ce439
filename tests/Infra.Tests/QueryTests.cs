using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using ModelJobs.Functions.Telemetry;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>Queries name tables, columns, metrics and attributes that exist.</summary>
public sealed partial class QueryTests
{
    /// <summary>Attributes that the host sets.</summary>
    private static readonly string[] HostAttributes = ["CategoryName"];

    [Fact]
    public async Task Queries_All_AreRightForKustosParser()
    {
        var all = await Kql.CheckAllAsync();

        Assert.Equal(Kql.Texts.Keys.Order(), all.Keys.Order());
        Assert.All(all, query => Assert.Empty(query.Value.Problems));
    }

    [Fact]
    public async Task Parser_UnknownColumnAndTable_SaysSo()
    {
        var wrong = await Kql.CheckAsync(new Dictionary<string, string>
        {
            ["column"] = "AppMetrics\n| where Nmae == 'a'",
            ["table"] = "AppMetric | take 1",
        });

        Assert.StartsWith("2: ", Assert.Single(wrong["column"].Problems));
        Assert.Contains("'AppMetric'", Assert.Single(wrong["table"].Problems));
    }

    [Fact]
    public void Queries_MetricsAndAttributes_AreTheApps()
    {
        var metrics = Instruments().Select(instrument => instrument.Name).ToHashSet();
        var attributes = typeof(TelemetryAttributes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!).Concat(HostAttributes).ToHashSet();

        Assert.All(Kql.Texts.Values, text =>
        {
            Assert.All(Metric.Matches(text), match => Assert.Contains(match.Groups[1].Value, metrics));
            Assert.All(Attribute.Matches(text), match => Assert.Contains(match.Groups[1].Value, attributes));
        });
        Assert.All(Kql.Texts.Values.Where(text => text.Contains("MetricName in (", StringComparison.Ordinal)), text => Assert.All(
            PlatformMetrics.Match(text).Groups[1].Captures, metric => Assert.Contains(metric.Value, Lists.MetricsInLogs)));
    }

    [Fact]
    public void TelemetryPage_Metrics_AreTheApps()
    {
        var rows = MarkdownTable.Below("Metrics", "docs", "telemetry.md").Select(row => (row[0].Trim('`'), row[1], row[2].Trim('`')));

        Assert.Equal(Instruments().Select(instrument => (instrument.Name, KindOf(instrument), instrument.Unit!)).Order(), rows.Order());
    }

    [Fact]
    public void TelemetryPage_Attributes_AreTheApps()
    {
        var rows = MarkdownTable.Below("Attributes", "docs", "telemetry.md").Select(row => row[0].Trim('`'));

        var attributes = typeof(TelemetryAttributes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.Name != nameof(TelemetryAttributes.ServiceBus));
        Assert.Equal(attributes.Select(field => (string)field.GetRawConstantValue()!).Order(), rows.Order());
    }

    [Fact]
    public async Task QueryPack_Files_AreAllInIt()
    {
        var bodies = (await Deployment.OfAsync(Variant.Plain)).All("Microsoft.OperationalInsights/queryPacks/queries")
            .Select(query => query.At("properties", "body").GetString());

        var files = Directory.EnumerateFiles(Repository.PathOf("infra", "queries"), "*.kql").Select(File.ReadAllText);
        Assert.Equal(files.Order(), bodies.Order());
    }

    private static List<Instrument> Instruments()
    {
        var instruments = new List<Instrument>();
        using var meters = new Meters();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == meters)
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();
        _ = new JobMetrics(meters);
        _ = new MessagingMetrics(meters);
        return instruments;
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0].ToLowerInvariant();

    [GeneratedRegex("\"((?:modeljobs|messaging)\\.[a-z_.]+)\"(?!\\])")]
    private static partial Regex Metric { get; }

    [GeneratedRegex("Properties\\[\"([^\"]+)\"\\]")]
    private static partial Regex Attribute { get; }

    [GeneratedRegex("MetricName in \\((?:\\s*\"([^\"]+)\",?)+\\)")]
    private static partial Regex PlatformMetrics { get; }

    /// <summary>Meters that a listener can tell from those of other tests.</summary>
    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
