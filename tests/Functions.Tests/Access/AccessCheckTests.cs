using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelJobs.Functions.Access;

namespace ModelJobs.Functions.Tests.Access;

/// <summary>An app that would let in whom it should not does not start. Budget: 2 seconds.</summary>
public sealed class AccessCheckTests
{
    [Theory]
    [InlineData(ApiAccess.Keys, ApiAccess.Keys, null, null)]
    [InlineData(ApiAccess.Keys, ApiAccess.Keys, "True", null)]
    [InlineData(ApiAccess.Keys, ApiAccess.Entra, "True", "built for Keys")]
    [InlineData(ApiAccess.Entra, ApiAccess.Keys, "True", "built for Entra")]
    [InlineData(ApiAccess.Entra, ApiAccess.Keys, null, "built for Entra")]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, "True", null)]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, "1", null)]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, null, "WEBSITE_AUTH_ENABLED")]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, "", "WEBSITE_AUTH_ENABLED")]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, "False", "WEBSITE_AUTH_ENABLED")]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, "0", "WEBSITE_AUTH_ENABLED")]
    [InlineData(ApiAccess.Entra, ApiAccess.Entra, "yes", "WEBSITE_AUTH_ENABLED")]
    public void Validate_BuildSettingAndPlatform_HaveToAgree(ApiAccess build, ApiAccess setting, string? platform, string? problem)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("WEBSITE_AUTH_ENABLED", platform)]).Build();

        var result = new AccessCheck(new ApiBuild(build), configuration).Validate(null, new JobSettings { ApiAccess = setting });

        Assert.Equal(problem is not null, result.Failed);
        Assert.Contains(problem ?? "", result.FailureMessage ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AppOfKeysThatIsToldEntra_Fails()
    {
        using var app = ModelJobsApp.CreateBuilder(
            ["--LocalRuntime:State=Memory", "--LocalRuntime:HttpPort=0", "--LocalRuntime:Azurite=None", "--Jobs:ApiAccess=Entra", "--LocalRuntime:FakeAuthentication=true"])
            .Build();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("built for Keys", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AppOfEntraWithoutAuthentication_FailsWhateverTheEnvironmentSays()
    {
        var builder = ModelJobsApp.CreateBuilder(
            ["--LocalRuntime:State=Memory", "--LocalRuntime:HttpPort=0", "--LocalRuntime:Azurite=None", "--Jobs:ApiAccess=Entra", "--WEBSITE_AUTH_ENABLED=True"]);
        builder.Services.AddSingleton(new ApiBuild(ApiAccess.Entra));
        using var app = builder.Build();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("WEBSITE_AUTH_ENABLED", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The build's level reaches the host only as what each trigger says.</summary>
    [Fact]
    public void HttpTriggers_Level_IsThatOfTheBuild()
    {
        var levels = typeof(ModelJobsApp).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()?.AuthLevel)
            .Where(level => level is not null)
            .ToList();

        Assert.True(levels.Count > 10);
        Assert.All(levels, level => Assert.Equal(BuiltAccess.Level, level));
        var sources = new DirectoryInfo(Path.Combine(RepositoryRoot(), "src", "Functions")).EnumerateFiles("*.cs", SearchOption.AllDirectories)
            .Where(file => file.Directory!.Name is not ("obj" or "bin") && File.ReadAllText(file.FullName).Contains("AuthorizationLevel.", StringComparison.Ordinal));
        Assert.Equal(["BuiltAccess.Entra.cs", "BuiltAccess.Keys.cs"], sources.Select(file => file.Name).Order(StringComparer.Ordinal));
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FunctionsApp.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The repository's root is not above the tests.");
        }

        return folder.FullName;
    }
}
