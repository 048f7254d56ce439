using Microsoft.Extensions.Configuration;
using ModelJobs.Functions.Process.Runners.Chat;
using ModelJobs.Functions.Process.Runners.Embeddings;

namespace ModelJobs.Functions.Tests.Process.Runners.Chat;

public sealed class ChatRunnerOptionsTests
{
    private const string Secret = "sk-very-secret";

    [Fact]
    public void Read_AllSettings_AreBound()
    {
        var options = ChatRunnerOptions.Read(Section(
            ("Endpoint", "https://api.openai.com/v1"), ("Model", "gpt"), ("ApiKey", Secret), ("System", "s"), ("Template", "{{input}}"), ("Output", "content"),
            ("ResponseFormat", """{"type":"json_object"}"""), ("MaxOutputTokens", "5"), ("Temperature", "0.5"), ("TopP", "1"), ("MaxTokensByOldName", "true"),
            ("Timeout", "00:00:30"), ("InitialConcurrency", "2"), ("MaxConcurrency", "8"), ("RequestsPerMinute", "600"), ("TokensPerMinute", "90000")));

        Assert.Equal((ChatOutput.Content, 0.5, 600, 90_000), (options.Output, options.Temperature, options.RequestsPerMinute, options.TokensPerMinute));
        Assert.DoesNotContain(Secret, options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Endpoint", "ftp://x", "Models:m:Endpoint is wrong: must be an address")]
    [InlineData("Endpoint", "https://sk-very-secret@api.openai.com/v1", "Models:m:Endpoint is wrong: must be an address")]
    [InlineData("Deployment", "d", "Models:m:Model is wrong: set Model")]
    [InlineData("Template", "{{oops", "Models:m:Template is wrong: has a '{{' at character 1")]
    [InlineData("Template", "no place", "Models:m:Template is wrong: has no place for the item")]
    [InlineData("ResponseFormat", "json", "Models:m:ResponseFormat is wrong: must be a JSON object")]
    [InlineData("Temperature", "3", "Models:m:Temperature is wrong")]
    [InlineData("RequestsPerMinute", "many", "Models:m:RequestsPerMinute is 'many'; it must be a whole number")]
    [InlineData("InitialConcurrency", "300", "Models:m:InitialConcurrency is wrong: must not be above MaxConcurrency, 256")]
    [InlineData("Temprature", "1", "Models:m:Temprature is not a setting; known are ApiKey, ")]
    public void ProblemOf_WrongSetting_NamesItAndNotTheKey(string name, string value, string problem)
    {
        var found = ChatRunnerOptions.ProblemOf(Section(("Endpoint", "https://api.openai.com/v1"), ("Model", "gpt"), ("ApiKey", Secret), (name, value)));

        Assert.Contains(problem, found, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, found, StringComparison.Ordinal);
    }

    [Fact]
    public void ProblemOf_ManagedIdentityOverHttp_IsRefused()
    {
        Assert.Contains("https", EmbeddingsRunnerOptions.ProblemOf(Section(("Endpoint", "http://x"), ("Deployment", "d"))), StringComparison.Ordinal);
        Assert.Null(EmbeddingsRunnerOptions.ProblemOf(Section(("Endpoint", "https://x"), ("Deployment", "d"), ("Format", "base64"))));
    }

    private static IConfigurationSection Section(params (string Name, string Value)[] settings)
    {
        var values = new Dictionary<string, string?> { ["Models:m:Runner"] = "chat" };
        foreach (var (name, value) in settings)
        {
            values[$"Models:m:{name}"] = value;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("Models:m");
    }
}
