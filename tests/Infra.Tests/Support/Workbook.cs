using System.Text.Json;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>The workbook's items, those in groups among them.</summary>
internal static class Workbook
{
    private const int LinksType = 11;
    private const int QueryType = 3;
    private const int MetricsType = 10;

    public static JsonElement Json { get; } = JsonElement.Parse(Repository.Read("infra", "workbook.json"));

    public static IReadOnlyList<JsonElement> Items { get; } = [.. Flatten(Json)];

    /// <summary>Texts of the queries by the names of their items.</summary>
    public static IEnumerable<(string Name, string Text)> Queries() => Items.Where(item => TypeOf(item) == QueryType)
        .Select(item => (NameOf(item), item.GetProperty("content").GetProperty("query").GetString()!));

    /// <summary>Contents of the charts of metrics.</summary>
    public static IEnumerable<JsonElement> Charts() => Items.Where(item => TypeOf(item) == MetricsType).Select(item => item.GetProperty("content"));

    /// <summary>Labels of the tabs, and the values that show their groups.</summary>
    public static IEnumerable<(string Label, string Value)> Tabs() => Items.Where(item => TypeOf(item) == LinksType)
        .SelectMany(item => item.GetProperty("content").GetProperty("links").EnumerateArray())
        .Select(link => (link.GetProperty("linkLabel").GetString()!, link.GetProperty("subTarget").GetString()!));

    public static string NameOf(JsonElement item) => item.GetProperty("name").GetString()!;

    private static int TypeOf(JsonElement item) => item.GetProperty("type").GetInt32();

    private static IEnumerable<JsonElement> Flatten(JsonElement group) => group.GetProperty("items").EnumerateArray()
        .SelectMany(item => (IEnumerable<JsonElement>)[item, .. item.GetProperty("content") is var content && content.TryGetProperty("items", out _) ? Flatten(content) : []]);
}
