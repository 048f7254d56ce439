using System.Text;
using System.Text.Json;
using CsCheck;
using ModelJobs.Functions.Process.Runners.Onnx;

namespace ModelJobs.Functions.Tests.Process.Runners.Onnx;

public sealed class FlatNumbersTests
{
    [Fact]
    public void TryRead_AnyNumbers_AreThoseThatTheParserReads() =>
        Gen.OneOf(
                Gen.Int.Select(n => JsonSerializer.Serialize(n)),
                Gen.Int[-300, 300].Select(n => JsonSerializer.Serialize(n)),
                Gen.Float[-1e30f, 1e30f].Select(n => JsonSerializer.Serialize(n)),
                Gen.Float[-1, 1].Select(n => JsonSerializer.Serialize(n)))
            .Array[1, 20]
            .Sample(numbers =>
            {
                var json = $"[{string.Join(',', numbers)}]";
                var read = new float[numbers.Length];

                Assert.True(FlatNumbers.TryRead(Encoding.UTF8.GetBytes(json), read), json);
                Assert.Equal(JsonSerializer.Deserialize<float[]>(json), read);
            });

    [Theory]
    [InlineData("[1,2,3]", 2)]
    [InlineData("[1,2]", 3)]
    [InlineData("[]", 1)]
    [InlineData("[1, 2]", 2)]
    [InlineData("[1,\"NaN\"]", 2)]
    [InlineData("[1,[2]]", 2)]
    [InlineData("[1,null]", 2)]
    [InlineData("[1,1e999]", 2)]
    [InlineData("12", 1)]
    public void TryRead_AnythingElse_IsLeftToReadingElementByElement(string json, int places) =>
        Assert.False(FlatNumbers.TryRead(Encoding.UTF8.GetBytes(json), new float[places]));
}
