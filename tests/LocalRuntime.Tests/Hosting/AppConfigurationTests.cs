using Microsoft.Extensions.Configuration;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Hosting;

public sealed class AppConfigurationTests
{
    [Fact]
    public void Load_LocalSettings_GivesValuesWithEitherSeparator()
    {
        using var folder = new AppFolder().With("local.settings.json", """
            {
              // Comments are allowed.
              "IsEncrypted": false,
              "Values": {"Models:a:Runner": "simulate", "Models__b__Runner": "onnx", "Count": 3, "Flag": true}
            }
            """);

        var configuration = Load(folder);

        Assert.Equal("simulate", configuration["Models:a:Runner"]);
        Assert.Equal("onnx", configuration["Models:b:Runner"]);
        Assert.Equal("3", configuration["Count"]);
        Assert.Equal("true", configuration["Flag"]);
    }

    [Fact]
    public void Load_WithoutLocalSettings_ReadsTheSample()
    {
        using var folder = new AppFolder().With("local.settings.sample.json", """{"Values": {"A": "sample"}}""");

        Assert.Equal("sample", Load(folder)["A"]);
    }

    [Fact]
    public void Load_WithLocalSettings_LeavesTheSampleAlone()
    {
        using var folder = new AppFolder()
            .With("local.settings.json", """{"Values": {"A": "mine"}}""")
            .With("local.settings.sample.json", """{"Values": {"A": "sample", "B": "sample"}}""");

        var configuration = Load(folder);

        Assert.Equal("mine", configuration["A"]);
        Assert.Null(configuration["B"]);
    }

    [Fact]
    public void Load_EnvironmentAndArguments_WinInThatOrder()
    {
        // Environment variables belong to the whole process, hence a name that nothing else has.
        const string Name = "ModelJobsAppConfigurationTests";
        Environment.SetEnvironmentVariable(Name + "__A", "environment");
        Environment.SetEnvironmentVariable(Name + "__B", "environment");
        try
        {
            using var folder = new AppFolder().With(
                "local.settings.json",
                $$"""{"Values": {"{{Name}}:A": "file", "{{Name}}:B": "file", "{{Name}}:C": "file"} }""");

            var configuration = Load(folder, $"--{Name}:A=argument");

            Assert.Equal("argument", configuration[Name + ":A"]);
            Assert.Equal("environment", configuration[Name + ":B"]);
            Assert.Equal("file", configuration[Name + ":C"]);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Name + "__A", null);
            Environment.SetEnvironmentVariable(Name + "__B", null);
        }
    }

    [Theory]
    [InlineData("""{"Values": {"A": {"B": 1}}}""", "'Values.A' is an object or a list")]
    [InlineData("""{"Values": """, "cannot be read as settings")]
    [InlineData("""{"Values": 5}""", "cannot be read as settings")]
    public void Load_WrongFile_SaysWhere(string json, string message)
    {
        using var folder = new AppFolder().With("local.settings.json", json);

        var exception = Assert.Throws<LocalRuntimeException>(() => Load(folder));

        Assert.Contains("local.settings.json", exception.Message, StringComparison.Ordinal);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    private static ConfigurationManager Load(AppFolder folder, params string[] args)
    {
        var configuration = new ConfigurationManager();
        AppConfiguration.Load(configuration, folder.Path, args);
        return configuration;
    }
}
