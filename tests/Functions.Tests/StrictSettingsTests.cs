using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests;

public sealed class StrictSettingsTests
{
    [Fact]
    public void Bind_GoodSettings_SetsThemAndKeepsTheOtherDefaults()
    {
        var settings = new JobSettings();

        StrictSettings.Bind(Section("Jobs", ("MaxAttempts", "3"), ("retryDelay", "00:00:01"), ("Seed", "7")), settings);

        Assert.Equal((3, TimeSpan.FromSeconds(1), 7), (settings.MaxAttempts, settings.RetryDelay, settings.Seed));
        Assert.Equal(8, settings.MaxPagesInFlight);
    }

    [Theory]
    [InlineData("MaxAttempts", "abc", "Jobs:MaxAttempts is 'abc'; it must be a whole number")]
    [InlineData("MaxIdle", "soon", "Jobs:MaxIdle is 'soon'; it must be a duration as [d.]hh:mm:ss")]
    [InlineData("Seed", "x", "Jobs:Seed is 'x'; it must be a whole number")]
    [InlineData("MaxAttempts:0", "1", "Jobs:MaxAttempts is a section; it must be a whole number")]
    [InlineData("MaxAtempts", "3", "Jobs:MaxAtempts is not a setting; known are ApiAccess, CollectSlice, Container, ExpressChunks, ")]
    [InlineData("ApiAccess", "Anonymous", "Jobs:ApiAccess is 'Anonymous'; it must be Keys or Entra")]
    [InlineData("ApiAccess", "7", "Jobs:ApiAccess is wrong: it must be Keys or Entra")]
    [InlineData("MaxAttempts", "0", "Jobs:MaxAttempts is wrong: The field MaxAttempts must be between 1 and 20.")]
    [InlineData("Container", "a--b", "Jobs:Container is wrong: a container's name has 3 to 63 ")]
    [InlineData("Container", "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-a-b-c-d-e-f-g", "Jobs:Container is wrong: ")]
    public void Bind_WrongSetting_NamesIt(string name, string value, string problem)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => StrictSettings.Bind(Section("Jobs", (name, value)), new JobSettings()));

        Assert.StartsWith(problem, Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_SeveralWrongSettings_NamesThemAll()
    {
        var refused = Assert.Throws<OptionsValidationException>(
            () => StrictSettings.Bind(Section("Jobs", ("MaxAttempts", "abc"), ("Container2", "x")), new JobSettings()));

        Assert.Equal(2, refused.Failures.Count());
    }

    [Theory]
    [InlineData("MaxBatchItems", "0", "Models:m:MaxBatchItems is wrong: ")]
    [InlineData("IntraOpThreads", "two", "Models:m:IntraOpThreads is 'two'; it must be a whole number")]
    [InlineData("MaxBatchItem", "5", "Models:m:MaxBatchItem is not a setting; known are Blob, CacheFolder, IntraOpThreads, MaxBatchDelay, MaxBatchItems, MaxOutputElements, ParallelRuns, Path, Runner")]
    public void OnnxOptions_Wrong_AreAProblemOfTheModel(string name, string value, string problem)
    {
        var section = Section("Models:m", ("Runner", "onnx"), ("Path", "m.onnx"), (name, value));

        Assert.StartsWith(problem, OnnxRunnerOptions.ProblemOf(section), StringComparison.Ordinal);
    }

    [Fact]
    public void OnnxOptions_Right_AreRead()
    {
        var section = Section("Models:m", ("Runner", "onnx"), ("Path", "m.onnx"), ("MaxBatchItems", "5"));

        Assert.Null(OnnxRunnerOptions.ProblemOf(section));
        Assert.Equal(5, OnnxRunnerOptions.Read(section).MaxBatchItems);
    }

    private static IConfigurationSection Section(string path, params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.ToDictionary(setting => $"{path}:{setting.Name}", setting => (string?)setting.Value))
        .Build()
        .GetSection(path);
}
