using System.Text.Json;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>The templates as the Bicep CLI sees them. Budget of all tests of this project: 45 seconds, most of it the CLI's.</summary>
public sealed class TemplateTests
{
    private static readonly string Main = Repository.PathOf("infra", "main.bicep");

    [Fact]
    public async Task Build_Main_GivesATemplateAndNoWarning()
    {
        var built = await Tool.BicepAsync("build", Main, "--stdout");

        Assert.Equal("", built.Errors);
        Assert.Equal(0, built.ExitCode);
        CheckParameters(JsonElement.Parse(built.Output).GetProperty("parameters"));
    }

    [Fact]
    public async Task Lint_Main_FindsNothing()
    {
        var linted = await Tool.BicepAsync("lint", Main);

        Assert.Equal("", linted.Errors + linted.Output);
        Assert.Equal(0, linted.ExitCode);
    }

    [Fact]
    public async Task Deploy_BackEndOtherThanHostJson_IsRefusedWithWhatToChange()
    {
        var refusal = await Deployment.RefusalOfAsync(new Variant("mismatch") { Parameters = new() { ["durableBackend"] = "'scheduler'" } });

        Assert.Contains("host.json is for 'storage'", refusal);
    }

    // One run of the CLI serves both: what azd sets must be a parameter, and the page must list each parameter with its default.
    private static void CheckParameters(JsonElement parameters)
    {
        var names = parameters.EnumerateObject().Select(parameter => parameter.Name).Order(StringComparer.Ordinal).ToList();
        var set = JsonElement.Parse(Repository.Read("infra", "main.parameters.json")).GetProperty("parameters").EnumerateObject()
            .Select(parameter => parameter.Name);
        Assert.Empty(set.Except(names));

        var rows = MarkdownTable.Below("Parameters", "docs", "deploying.md").ToDictionary(row => row[0].Trim('`'), row => row[1].Trim('`'));
        Assert.Equal(names, rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(parameters.EnumerateObject(), parameter => Assert.Equal(DefaultOf(parameter.Value), rows[parameter.Name]));
    }

    private static string DefaultOf(JsonElement parameter) => !parameter.TryGetProperty("defaultValue", out var value) ? "required"
        : value.ValueKind == JsonValueKind.String ? value.GetString() is { Length: > 0 } text ? text : "none"
        : value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0 ? "none"
        : value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any() ? "none"
        : JsonSerializer.Serialize(value);
}
