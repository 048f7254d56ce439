using System.Text.Json;
using System.Text.RegularExpressions;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>Every query that is deployed, as Kusto's own parser (npm: @kusto/language-service-next) sees it with the listed tables.</summary>
internal static partial class Kql
{
    private static readonly SemaphoreSlim Turn = new(1);
    private static IReadOnlyDictionary<string, Checked>? _all;

    /// <summary>Queries by where they are.</summary>
    public static IReadOnlyDictionary<string, string> Texts { get; } = Read();

    public static async Task<IReadOnlyDictionary<string, Checked>> CheckAllAsync()
    {
        await Turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _all ??= await CheckAsync(Texts);
        }
        finally
        {
            Turn.Release();
        }
    }

    public static async Task<IReadOnlyDictionary<string, Checked>> CheckAsync(IReadOnlyDictionary<string, string> queries)
    {
        var script = Repository.PathOf("tests", "Infra.Tests", "Kql", "check.cjs");
        Assert.SkipUnless(
            Directory.Exists(Repository.PathOf("tests", "Infra.Tests", "Kql", "node_modules")), "Kusto's parser is not installed: npm was missing at the build.");
        var result = await Tool.NodeAsync(script, JsonSerializer.Serialize(new { tables = Lists.Tables, queries }));
        Assert.True(result.ExitCode == 0, result.Errors);
        return JsonSerializer.Deserialize<Dictionary<string, Checked>>(result.Output, JsonSerializerOptions.Web)!;
    }

    private static Dictionary<string, string> Read()
    {
        var files = new[] { "alerts", "queries" }.SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf("infra", folder), "*.kql"))
            .ToDictionary(file => $"{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileName(file)}", File.ReadAllText);
        foreach (var query in Workbook.Queries())
        {
            // Workbooks put the value of a parameter in the place of its name.
            files.Add($"workbook/{query.Name}", Parameter.Replace(query.Text, "job-0193"));
        }

        return files;
    }

    [GeneratedRegex(@"\{[A-Za-z]+(:[a-z]+)?\}")]
    private static partial Regex Parameter { get; }
}

/// <summary>What the parser says of a query: problems with their lines, and the columns of its result.</summary>
internal sealed record Checked(IReadOnlyList<string> Problems, IReadOnlyList<string> Columns);
