using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>
/// What a deployment with certain parameters would make, as the Bicep CLI predicts it: every resource with its properties evaluated, except
/// for what only Azure knows, which stays an expression in brackets.
/// </summary>
internal sealed class Deployment
{
    private const string Subscription = "00000000-0000-0000-0000-000000000001";

    /// <summary>One at a time: the CLI takes a processor for itself.</summary>
    private static readonly SemaphoreSlim Turn = new(1);

    private static readonly Dictionary<string, Deployment> Predicted = [];

    private Deployment(JsonElement resources) => Resources = [.. resources.EnumerateArray().Select(resource => new Resource(resource))];

    public IReadOnlyList<Resource> Resources { get; }

    /// <summary>The app settings.</summary>
    public IReadOnlyDictionary<string, string> Settings => One("Microsoft.Web/sites").At("properties", "siteConfig", "appSettings").EnumerateArray()
        .ToDictionary(setting => setting.GetProperty("name").GetString()!, setting => setting.GetProperty("value").GetString()!);

    public static async Task<Deployment> OfAsync(Variant variant)
    {
        await Turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!Predicted.TryGetValue(variant.Name, out var deployment))
            {
                var (result, snapshot) = await PredictAsync(variant);
                Assert.True(result.ExitCode == 0, result.Errors);
                deployment = new Deployment(JsonElement.Parse(snapshot!).GetProperty("predictedResources"));
                Predicted[variant.Name] = deployment;
            }

            return deployment;
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <summary>Why a deployment would be refused; empty if it would not.</summary>
    public static async Task<string> RefusalOfAsync(Variant variant) => (await PredictAsync(variant)).Result is { ExitCode: not 0 } refused ? refused.Errors : "";

    public IEnumerable<Resource> All(string type) => Resources.Where(resource => resource.Type.Equals(type, StringComparison.OrdinalIgnoreCase));

    public Resource One(string type) => All(type).Single();

    private static async Task<(ToolResult Result, string? Snapshot)> PredictAsync(Variant variant)
    {
        var folder = Directory.CreateTempSubdirectory("modeljobs-infra-");
        try
        {
            Copy(Repository.PathOf("infra"), Path.Combine(folder.FullName, "infra"));
            WriteEdited("host.json", variant.Host);
            WriteEdited("infra/servicebus.json", variant.ServiceBus);
            var parameters = Path.Combine(folder.FullName, "infra", "test.bicepparam");
            await File.WriteAllLinesAsync(
                parameters,
                [
                    "using 'main.bicep'",
                    "param environmentName = 'test'",
                    "param location = 'westeurope'",
                    .. variant.Parameters.Select(parameter => $"param {parameter.Key} = {parameter.Value}"),
                ],
                TestContext.Current.CancellationToken);
            var result = await Tool.BicepAsync("snapshot", parameters, "--mode", "overwrite", "--subscription-id", Subscription);
            var snapshot = Path.ChangeExtension(parameters, ".snapshot.json");
            return (result, File.Exists(snapshot) ? await File.ReadAllTextAsync(snapshot, TestContext.Current.CancellationToken) : null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        void WriteEdited(string file, Action<JsonNode>? edit)
        {
            var json = JsonNode.Parse(Repository.Read(file))!;
            edit?.Invoke(json);
            File.WriteAllText(Path.Combine(folder.FullName, file), json.ToJsonString());
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}

/// <summary>A resource that a deployment would make.</summary>
internal sealed class Resource(JsonElement json)
{
    public string Id => json.GetProperty("id").GetString()!;

    public string Type => json.GetProperty("type").GetString()!;

    public string Name => json.GetProperty("name").GetString()!;

    public JsonElement Json => json;

    public JsonElement At(params IEnumerable<string> path) => path.Aggregate(json, (at, name) => at.GetProperty(name));

    /// <summary>A property, if it is there.</summary>
    public JsonElement? Find(params IEnumerable<string> path) =>
        path.Aggregate((JsonElement?)json, (at, name) => at is { ValueKind: JsonValueKind.Object } there && there.TryGetProperty(name, out var next) ? next : null);

    public override string ToString() => $"{Type} {Name}";
}
