using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Functions;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>Every app setting that something reads is set, and none that nothing reads.</summary>
public sealed class SettingTests
{
    /// <summary>Settings that Azure does not get, each with its reason.</summary>
    private static readonly Dictionary<string, string> NotOnAzure = new()
    {
        ["ServiceBus"] = "a connection string has a key; the name of the namespace is set instead",
        ["JobStorage"] = "likewise",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "for collectors of one's own; Azure's is Application Insights",
        ["Prices:Currency"] = "the prices are examples until somebody sets others: the parameter priceSettings",
        ["Prices:AsOf"] = "likewise",
        ["Prices:ServiceBusOperations"] = "likewise",
        ["Prices:StorageWrites"] = "likewise",
        ["Prices:StorageReads"] = "likewise",
        ["Prices:Executions"] = "likewise",
        ["Prices:DurableActions"] = "likewise",
        ["Prices:InputTokens"] = "likewise",
        ["Prices:OutputTokens"] = "likewise",
        ["WEBSITE_AUTH_ENABLED"] = "the platform sets it, when App Service authentication is on",
        ["Webhooks:AllowPrivateAddresses"] = "for one machine and for tests",
        ["Jobs:Seed"] = "makes jitter the same each time, for tests",
    };

    /// <summary>Sections that the settings of <see cref="Deployment.Settings"/> are in, besides those that the code names whole.</summary>
    private static readonly string[] Sections = ["Jobs", "Models", "Prices", "ServiceBus", "Webhooks"];

    private static readonly JsonElement Jobs = JsonElement.Parse(Repository.Read("infra", "jobs.json"));

    [Fact]
    public void Code_UsesOfConfiguration_AreAllKnown()
    {
        var code = AppSettingsInCode.OfTheApp;

        Assert.Empty(code.Unknown);
        Assert.Equal(Sections, code.Sections);
        Assert.All(["ServiceBus", "ServiceBus:fullyQualifiedNamespace", "JobStorage:blobServiceUri", "Jobs:Container"], key => Assert.Contains(key, code.Keys));
    }

    [Fact]
    public void Code_NewUses_AreFound()
    {
        var code = AppSettingsInCode.In(("New.cs", """
            using Microsoft.Extensions.Configuration;
            internal static class New
            {
                public static string? A(IConfiguration all) => all["Some:Key"] ?? all.GetSection("Part")["x"] ?? Environment.GetEnvironmentVariable("SOME_VARIABLE");
                public static string? B(IConfiguration all) => all[DateTime.MinValue.ToString()];
                public static string? C(IConfiguration all) => Named(all, "Left", "right");
                private static string? Named(IConfiguration all, string left, string right) => all[$"{left}:{right}"];
            }
            """));

        Assert.Equal(["Left:right", "SOME_VARIABLE", "Some:Key"], code.Keys);
        Assert.Equal(["Part"], code.Sections);
        Assert.StartsWith("New.cs:5:", Assert.Single(code.Unknown));
    }

    [Theory]
    [MemberData(nameof(Variant.Names), MemberType = typeof(Variant))]
    public async Task Deploy_Variant_SetsWhatIsReadAndNothingElse(string variant)
    {
        var settings = (await Deployment.OfAsync(Variant.Named(variant))).Settings.Keys.Where(name => !name.StartsWith("Models__", StringComparison.Ordinal));

        // What one back end or the other alone needs.
        var host = Lists.HostSettings.Keys.Where(name => name != Variant.SchedulerConnection || variant == Variant.Scheduler.Name);
        var read = AppSettingsInCode.OfTheApp.Keys.Where(name => !NotOnAzure.ContainsKey(name)).Select(name => name.Replace(":", "__", StringComparison.Ordinal));
        Assert.Equal(read.Union(host).Order(StringComparer.Ordinal), settings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Deploy_WebhookSecret_IsReadFromTheKeyVaultAndNeverInTheTemplate()
    {
        Assert.Equal("", (await Deployment.OfAsync(Variant.Plain)).Settings["Webhooks__Secret"]);
        var full = await Deployment.OfAsync(Variant.Full);

        Assert.Equal("@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/webhooks)", full.Settings["Webhooks__Secret"]);
        Assert.Equal("*.example.org", full.Settings["Webhooks__AllowedHosts"]);
        Assert.False(full.One("Microsoft.Web/sites").At("properties", "keyVaultReferenceIdentity").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public async Task Deploy_Models_AreThoseThatTheAppTakes()
    {
        var settings = (await Deployment.OfAsync(Variant.Full)).Settings.Where(setting => setting.Key.StartsWith("Models__", StringComparison.Ordinal));

        // What Azure alone knows stands as an expression: an address or a name.
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(
            setting.Key.Replace("__", ":", StringComparison.Ordinal),
            setting.Value is not ['[', ..] ? setting.Value : setting.Key.EndsWith("Endpoint", StringComparison.Ordinal) ? "https://contoso.openai.azure.com/" : "chat")))
            .Build();
        await using var services = ModelJobsApp.CreateBuilder(["--LocalRuntime:State=Memory", "--LocalRuntime:Azurite=none"]).Services.BuildServiceProvider();
        var kinds = services.GetServices<RunnerKind>().ToDictionary(kind => kind.Name);
        var models = configuration.GetSection("Models").GetChildren().ToList();
        Assert.Equal(["chat", "simulate"], models.Select(model => model.Key));
        // The runner of the model chat may come with a later version of the app than its deployment.
        Assert.All(models.Where(model => kinds.ContainsKey(model["Runner"]!)), model => Assert.Null(kinds[model["Runner"]!].Problem?.Invoke(model)));
    }

    [Fact]
    public void JobsFile_Values_AreTheDefaultsOfTheCode()
    {
        var properties = typeof(JobSettings).GetProperties().Where(property => property.CanWrite && !NotOnAzure.ContainsKey($"Jobs:{property.Name}")).ToList();
        var file = new ConfigurationBuilder()
            .AddInMemoryCollection(Jobs.EnumerateObject().Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value.ToString())))
            .Build();
        var read = new JobSettings();
        file.Bind(read);

        Assert.Equal(properties.Select(property => property.Name).Order(), Jobs.EnumerateObject().Select(setting => setting.Name).Order());
        Assert.All(properties, property => Assert.Equal(property.GetValue(new JobSettings()), property.GetValue(read)));
    }

    [Fact]
    public void ConfigurationPage_Settings_AreAllThere()
    {
        var page = Repository.Read("docs", "configuration.md");

        var names = AppSettingsInCode.OfTheApp.Keys.Union(Lists.HostSettings.Keys)
            .Select(name => name.StartsWith("Jobs:", StringComparison.Ordinal) ? name : name.Replace(":", "__", StringComparison.Ordinal));
        Assert.All(names, name => Assert.Contains($"`{name}`", page));
    }

    [Fact]
    public void ConfigurationPage_HostJson_IsExplainedLineByLine()
    {
        var page = MarkdownTable.Below("host.json", "docs", "configuration.md").Select(row => row[0]).ToList();

        Assert.All(Leaves(JsonElement.Parse(Repository.Read("host.json")), ""), line => Assert.Contains(page, cell => cell.Contains($"`{line}`", StringComparison.Ordinal)));
    }

    [Fact]
    public void Sample_Connections_AreAllThere()
    {
        var values = JsonElement.Parse(Repository.Read("local.settings.sample.json")).GetProperty("Values").EnumerateObject().Select(value => value.Name).ToList();

        Assert.All(["AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME", "JobStorage", "ServiceBus"], name => Assert.Contains(name, values));
        Assert.All(["simulate", "digits", "digits-torch"], model => Assert.Contains($"Models:{model}:Runner", values));
    }

    // The table leaves the beginning of long names out.
    private static IEnumerable<string> Leaves(JsonElement json, string path) => json.ValueKind == JsonValueKind.Object
        ? json.EnumerateObject().SelectMany(property => Leaves(property.Value, path is "" or "extensions" ? property.Name : $"{path}.{property.Name}"))
        : [path];
}
