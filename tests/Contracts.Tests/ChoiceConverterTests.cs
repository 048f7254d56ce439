using System.Text.Json;

namespace ModelJobs.Contracts.Tests;

public sealed class ChoiceConverterTests
{
    [Theory]
    [InlineData("low", JobPriority.Low)]
    [InlineData("normal", JobPriority.Normal)]
    [InlineData("high", JobPriority.High)]
    public void Read_Name_IsItsValueAndIsWrittenAsTheName(string name, JobPriority priority)
    {
        var options = Read($$"""{"priority":"{{name}}"}""");

        Assert.Equal(priority, options.Priority);
        Assert.Equal(priority != JobPriority.Normal, JsonSerializer.Serialize(options, ContractsJson.Wire.JobOptions).Contains($"\"priority\":\"{name}\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"priority":"urgent"}""")]
    [InlineData("""{"priority":"High"}""")]
    [InlineData("""{"priority":1}""")]
    [InlineData("""{"priority":"1"}""")]
    [InlineData("""{"priority":null}""")]
    [InlineData("""{"priority":["low"]}""")]
    public void Read_NoName_SaysWhichThereAre(string json)
    {
        var thrown = Assert.Throws<JsonException>(() => Read(json));

        Assert.Contains("""must be one of "normal", "low", "high".""", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FailureActionAsNumber_SaysWhichThereAre() =>
        Assert.Contains("\"continue\", \"stopLane\"", Assert.Throws<JsonException>(() => Read("""{"onFailure":1}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void Write_NoSuchValue_Throws() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Serialize(new JobOptions { Priority = (JobPriority)99 }, ContractsJson.Wire.JobOptions));

    private static JobOptions Read(string json) => JsonSerializer.Deserialize(json, ContractsJson.Wire.JobOptions)!;
}
