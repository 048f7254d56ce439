using ModelJobs.Infra.Tests.Support;
using YamlDotNet.Serialization;

namespace ModelJobs.Infra.Tests;

/// <summary>What azd and GitHub read.</summary>
public sealed class RepositoryFileTests
{
    [Fact]
    public async Task AzureYaml_Service_IsTheAppThatIsDeployed()
    {
        var service = Assert.Single(Map(Yaml("azure.yaml")["services"]));

        var app = (await Deployment.OfAsync(Variant.Plain)).One("Microsoft.Web/sites");
        Assert.Equal(service.Key, app.At("tags", "azd-service-name").GetString());
        Assert.Equal("test", app.At("tags", "azd-env-name").GetString());
        Assert.Equal("function", Map(service.Value)["host"]);
        Assert.NotEmpty(Directory.EnumerateFiles(Repository.PathOf((string)Map(service.Value)["project"]), "*.csproj"));
    }

    /// <summary>One variable for the template and for the build: two that differ would make an app that does not start.</summary>
    [Fact]
    public void ApiAccess_Variable_IsThatOfTemplateBuildAndWorkflow()
    {
        Assert.Contains("\"apiAccess\": { \"value\": \"${API_ACCESS=keys}\" }", Repository.Read("infra", "main.parameters.json"), StringComparison.Ordinal);
        Assert.Contains(">$(API_ACCESS)</ApiAccess>", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
        var deploy = Map(Map(Yaml(Path.Combine(".github", "workflows", "deploy.yml"))["jobs"])["deploy"]);
        Assert.Equal("${{ vars.API_ACCESS || 'keys' }}", Map(deploy["env"])["API_ACCESS"]);
        var matrix = Map(Map(Map(Map(Yaml(Path.Combine(".github", "workflows", "ci.yml"))["jobs"])["azure-build"])["strategy"])["matrix"]);
        Assert.Equal(["Keys", "Entra"], ((IEnumerable<object>)matrix["include"]).Select(one => Map(one)["access"]));
    }

    [Fact]
    public void Workflows_Steps_HaveNoStandingSecretAndPinTheirActions()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf(".github", "workflows"), "*.yml").ToList();

        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            var workflow = Yaml(Path.GetRelativePath(Repository.Root, file));
            Assert.True(workflow.ContainsKey("permissions"), $"{file} must say what its token may do.");
            var jobs = Map(workflow["jobs"]).Values.Select(Map).ToList();
            Assert.All(jobs, job => Assert.True(job.ContainsKey("timeout-minutes")));
            Assert.DoesNotContain("secrets.", File.ReadAllText(file), StringComparison.Ordinal);
            var actions = jobs.SelectMany(job => (IEnumerable<object>)job["steps"]).Select(Map)
                .Where(step => step.ContainsKey("uses")).Select(step => (string)step["uses"]);
            Assert.All(actions, action => Assert.Matches("^[A-Za-z-]+/[A-Za-z-]+@v[0-9.]+$", action));
        });
    }

    private static Dictionary<string, object> Yaml(string file) => new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(Repository.Read(file));

    private static Dictionary<string, object> Map(object yaml) => ((Dictionary<object, object>)yaml).ToDictionary(pair => (string)pair.Key, pair => pair.Value);
}
