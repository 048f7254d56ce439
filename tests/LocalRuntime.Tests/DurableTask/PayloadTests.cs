using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;

namespace ModelJobs.LocalRuntime.Tests.DurableTask;

public sealed class PayloadTests
{
    [Fact]
    public void JsonDataConverter_Tuple_SurvivesTheRoundTrip()
    {
        var text = JsonDataConverter.Default.Serialize((Name: "a", Count: 2));

        Assert.Equal(("a", 2), JsonDataConverter.Default.Deserialize<(string, int)>(text));
    }

    [Fact]
    public void JsonDataConverter_Null_IsNullBothWays()
    {
        Assert.Null(JsonDataConverter.Default.Serialize(null));
        Assert.Equal(0, JsonDataConverter.Default.Deserialize<int>(null));
    }

    [Fact]
    public void ReadOutputAs_FetchedWithoutOutputs_Throws()
    {
        var metadata = new OrchestrationMetadata("A", "a") { SerializedOutput = "1" };

        var exception = Assert.Throws<InvalidOperationException>(() => metadata.ReadOutputAs<int>());

        Assert.StartsWith("ReadOutputAs", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_LongInput_IsCut()
    {
        var metadata = new OrchestrationMetadata("A", "a") { SerializedInput = new string('x', 60) };

        Assert.Contains($"Input: '{new string('x', 50)}...'", metadata.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pageable_SeveralPages_IsReadToTheEnd()
    {
        var pageable = Pageable.Create<string>((token, _) => Task.FromResult(
            token is null ? new Page<string>(["a", "b"], "next") : new Page<string>(["c"])));

        var values = new List<string>();
        await foreach (var value in pageable.WithCancellation(TestContext.Current.CancellationToken))
        {
            values.Add(value);
        }

        Assert.Equal(["a", "b", "c"], values);
    }
}
