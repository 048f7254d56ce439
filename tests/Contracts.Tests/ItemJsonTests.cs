using System.Text.Json;

namespace ModelJobs.Contracts.Tests;

public sealed class ItemJsonTests
{
    [Theory]
    [InlineData("""{"id":"a","input":1}""", "a")]
    [InlineData("""{"id":17,"input":1}""", "17")]
    [InlineData("""{"id":-9223372036854775808,"input":1}""", "-9223372036854775808")]
    [InlineData("""{"input":1}""", null)]
    public void Read_IdAsStringOrInteger_IsText(string json, string? expected) => Assert.Equal(expected, Read(json).Id);

    [Theory]
    [InlineData("""{"id":1.5,"input":1}""")]
    [InlineData("""{"id":true,"input":1}""")]
    [InlineData("""{"id":{},"input":1}""")]
    [InlineData("""{"id":"a"}""")]
    [InlineData("""{"input":1,"inputs":2}""")]
    [InlineData("""[]""")]
    public void Read_NotAnItem_Throws(string json) => Assert.Throws<JsonException>(() => Read(json));

    [Fact]
    public void Read_NullInput_IsAnInput() => Assert.Equal(JsonValueKind.Null, Read("""{"input":null}""").Input.ValueKind);

    [Fact]
    public void Write_AbsentMembers_AreLeftOut() =>
        Assert.Equal("""{"input":{"a":1}}""", JsonSerializer.Serialize(Read("""{"input":{"a":1}}"""), ContractsJson.Wire.Item));

    private static Item Read(string json) => JsonSerializer.Deserialize(json, ContractsJson.Wire.Item)!;
}
