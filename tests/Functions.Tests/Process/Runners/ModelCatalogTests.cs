using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

public sealed class ModelCatalogTests
{
    private static readonly RunnerKind Simulate = new("simulate", _ => new SimulateRunner(new FakeTimeProvider()));

    [Fact]
    public void Find_SameModelTwice_IsOneRunner()
    {
        using var models = Models([Simulate], ("Models:a:Runner", "Simulate"));

        Assert.Same(models.Find("a"), models.Find("A"));
    }

    [Theory]
    [InlineData("b")]
    [InlineData("a:Runner")]
    [InlineData("")]
    public void Find_NotAModel_IsNull(string name)
    {
        using var models = Models([Simulate], ("Models:a:Runner", "simulate"), ("Models:b:Path", "x"));

        Assert.Null(models.Find(name));
    }

    [Fact]
    public void Find_RunnerThatCouldNotBeMade_IsTriedAgain()
    {
        var attempts = 0;
        var late = new RunnerKind("late", _ => attempts++ == 0 ? throw new IOException("not there yet") : new SimulateRunner(new FakeTimeProvider()));
        using var models = Models([late], ("Models:a:Runner", "late"));

        Assert.Throws<IOException>(() => models.Find("a"));

        Assert.NotNull(models.Find("a"));
    }

    [Fact]
    public void IsExternal_KindThatMakesNoRunner_IsTrueAndThereIsNoRunner()
    {
        var external = new RunnerKind("external", Create: null);
        using var models = Models([Simulate, external], ("Models:a:Runner", "simulate"), ("Models:b:Runner", "External"));

        Assert.Equal([false, true, true, false], new[] { "a", "b", "B", "c" }.Select(models.IsExternal));
        Assert.Null(models.Find("b"));
        Assert.True(models.Contains("b"));
    }

    [Fact]
    public void Contains_ConfigurationReadAnew_KnowsTheModelsOfNow()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Models:a:Runner"] = "simulate" }).Build();
        using var models = new ModelCatalog(configuration, [Simulate]);
        Assert.Equal((true, false), (models.Contains("a"), models.Contains("b")));

        configuration["Models:a:Runner"] = null;
        configuration["Models:b:Runner"] = "simulate";
        configuration.Reload();

        Assert.Equal((false, true), (models.Contains("a"), models.Contains("b")));
        Assert.Null(models.Find("a"));
    }

    [Fact]
    public async Task Check_WrongSettings_NamesEachOfThem()
    {
        var strict = new RunnerKind("strict", _ => throw new InvalidOperationException(), model => $"{model.Path}:Path is missing.");
        using var models = Models([Simulate, strict], ("Models:a:Runner", "simulate"), ("Models:b:Runner", "chta"), ("Models:c:Runner", "strict"));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => new ModelCheck(models).StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(["Models:b:Runner is 'chta'; known runners are simulate, strict.", "Models:c:Path is missing."], refused.Failures);
    }

    private static ModelCatalog Models(RunnerKind[] kinds, params (string Key, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value)).Build(), kinds);
}
