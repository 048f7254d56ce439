using System.Text.Json;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>What Azure has and this repository only names: checked-in lists, each with its source.</summary>
internal static class Lists
{
    /// <summary>Columns with their types, by table.</summary>
    public static IReadOnlyDictionary<string, Dictionary<string, string>> Tables { get; } = Read<Dictionary<string, Dictionary<string, string>>>("tables");

    /// <summary>Names of built-in roles by id.</summary>
    public static IReadOnlyDictionary<string, string> Roles { get; } = Read<Dictionary<string, string>>("roles");

    /// <summary>App settings that the host or a library reads, with what for.</summary>
    public static IReadOnlyDictionary<string, string> HostSettings { get; } = Read<Dictionary<string, string>>("host-settings", "settings");

    private static Dictionary<string, Dictionary<string, Metric>> Metrics { get; } = Read<Dictionary<string, Dictionary<string, Metric>>>("metrics");

    /// <summary>A metric of a kind of resource; null if there is none of that name.</summary>
    public static Metric? MetricOf(string resourceType, string name) => Metrics
        .Where(type => type.Key.Equals(resourceType, StringComparison.OrdinalIgnoreCase))
        .Select(type => type.Value.GetValueOrDefault(name))
        .FirstOrDefault();

    /// <summary>Names of the metrics that diagnostic settings send to the workspace.</summary>
    public static IReadOnlySet<string> MetricsInLogs { get; } =
        Metrics.Values.SelectMany(metrics => metrics).Where(metric => metric.Value.InLogs).Select(metric => metric.Key).ToHashSet();

    private static T Read<T>(string file, string? property = null)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Lists", $"{file}.json")));
        return json.RootElement.GetProperty(property ?? file).Deserialize<T>(JsonSerializerOptions.Web)!;
    }
}

/// <summary>A metric of Azure Monitor.</summary>
/// <param name="Aggregations">How it may be aggregated.</param>
/// <param name="Dimensions">What it can be split by.</param>
/// <param name="InLogs">Whether diagnostic settings send it to a workspace.</param>
internal sealed record Metric(IReadOnlyList<string> Aggregations, IReadOnlyList<string> Dimensions, bool InLogs);
