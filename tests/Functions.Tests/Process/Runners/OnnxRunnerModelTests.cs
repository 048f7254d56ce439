using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

/// <summary>Models of other forms than the sample's; Models/make_models.py defines them.</summary>
public sealed class OnnxRunnerModelTests
{
    [Fact]
    public async Task RunAsync_TwoInputs_TakesAnObjectWithBoth()
    {
        using var runner = Open("masked-sum");

        var outcomes = await runner.RunBoundedAsync(Calls.Of(
            """{"values": [1.5, 2, -4], "use": [true, false, true]}""",
            """{"use": [false, false, false], "values": [1, 2, 3]}"""));

        Assert.Equal(
            ["""{"total":-2.5,"added":[true,false,false]}""", """{"total":0,"added":[false,false,false]}"""],
            outcomes.Select(outcome => outcome.Json()));
    }

    [Theory]
    [InlineData("[1, 2, 3]", "expected an object with 'values' [N,3] and 'use' [N,3], got an array")]
    [InlineData("""{"values": [1, 2, 3]}""", "expected an object with 'values' [N,3] and 'use' [N,3], got one without 'use'")]
    [InlineData("""{"values": [1, 2], "use": [true, true, true]}""", "expected 3 numbers for 'values' [N,3], got 2")]
    [InlineData("""{"values": [1, 2, 3], "use": [1, 0, 1]}""", "expected booleans for 'use' [N,3], got 1 as element 1")]
    [InlineData("""{"values": [1, 2, 1e999], "use": [true, true, true]}""", "expected numbers for 'values' [N,3], got 1e999 as element 3")]
    public async Task RunAsync_TwoInputsNotAsDeclared_FailsAndSaysWhatToSend(string input, string problem)
    {
        using var runner = Open("masked-sum");

        Assert.Equal(problem, (await runner.RunOneAsync(input)).Error?.Message);
    }

    [Fact]
    public async Task RunAsync_SecondInputUnreadable_LeavesTheOthersIntact()
    {
        using var runner = Open("masked-sum");

        var outcomes = await runner.RunBoundedAsync(Calls.Of(
            """{"values": [7, 7, 7], "use": [true, true, null]}""",
            """{"values": [1, 2, 3], "use": [true, true, true]}"""));

        Assert.Equal("invalid_input", outcomes[0].Error?.Code);
        Assert.Equal("""{"total":6,"added":[true,true,true]}""", outcomes[1].Json());
    }

    [Theory]
    [InlineData("""["NaN", 1, 1]""", "\"NaN\"")]
    [InlineData("""["Infinity", 1, 1]""", "\"Infinity\"")]
    [InlineData("""["-Infinity", 1, 1]""", "\"-Infinity\"")]
    public async Task RunAsync_NamedFloatingPointLiterals_TravelBothWays(string values, string total)
    {
        using var runner = Open("masked-sum");

        var outcome = await runner.RunOneAsync($$"""{"values": {{values}}, "use": [true, true, true]}""");

        Assert.Equal(total, outcome.Output?.GetProperty("total").GetRawText());
    }

    [Fact]
    public async Task RunAsync_DynamicDimension_RunsItemsOfEachShapeTogetherAndAnswersInOrder()
    {
        using var runner = Open("doubled");

        var outcomes = await runner.RunBoundedAsync(Calls.Of("[1,2]", "[3]", "[4,5]", "[6,7,8]", "[9]"));

        Assert.Equal(
            ["[2,4]", "[6]", "[8,10]", "[12,14,16]", "[18]"],
            outcomes.Select(outcome => outcome.Output?.GetProperty("doubled").GetRawText()));
    }

    [Theory]
    [InlineData("[]", "expected an array of whole numbers for 'tokens' [N,length], got 0")]
    [InlineData("5", "expected an array of whole numbers for 'tokens' [N,length], got a number")]
    [InlineData("[[1,2],[3,4]]", "expected an array of whole numbers for 'tokens' [N,length], got arrays of [2,2]")]
    [InlineData("[1,2.5]", "expected whole numbers for 'tokens' [N,length], got 2.5 as element 2")]
    [InlineData("[9223372036854775808]", "expected whole numbers for 'tokens' [N,length], got 9223372036854775808 as element 1")]
    public async Task RunAsync_DynamicDimensionNotFilled_FailsAndSaysWhatToSend(string input, string problem)
    {
        using var runner = Open("doubled");

        Assert.Equal(problem, (await runner.RunOneAsync(input)).Error?.Message);
    }

    [Fact]
    public async Task RunAsync_LargeIntegers_KeepTheirValue()
    {
        using var runner = Open("doubled");

        Assert.Equal("""{"doubled":[9223372036854775806]}""", (await runner.RunOneAsync("[4611686018427387903]")).Json());
    }

    [Fact]
    public async Task RunAsync_ModelRefusesOneItem_FailsItAloneForGood()
    {
        using var runner = Open("lookup");

        var outcomes = await runner.RunBoundedAsync(Calls.Of("[0]", "[9]", "3"));

        Assert.Equal("""{"row":[0,1]}""", outcomes[0].Json());
        Assert.Equal(("model_error", false), (outcomes[1].Error?.Code, outcomes[1].IsTransient));
        Assert.Contains("9", outcomes[1].Error?.Message, StringComparison.Ordinal);
        Assert.Equal("""{"row":[6,7]}""", outcomes[2].Json());
    }

    [Fact]
    public async Task RunAsync_BatchFixedToOne_RunsItemsOneByOne()
    {
        using var runner = Open("reciprocal");

        var outcomes = await runner.RunBoundedAsync(Calls.Of("[1,2]", "[4,0]", "[256,1]"));

        Assert.Equal("""{"y":[0,0.5]}""", outcomes[0].Json());
        Assert.Equal("""{"y":[0.75,"-Infinity"]}""", outcomes[1].Json());
        Assert.Equal("expected whole numbers for 'x' [1,2], got 256 as element 1", outcomes[2].Error?.Message);
    }

    [Fact]
    public async Task RunAsync_OutputWithoutBatch_FailsAndSaysWhy()
    {
        using var runner = Open("mean");

        var outcomes = await runner.RunBoundedAsync(Calls.Of("[1,2]", "[3,4]"));

        Assert.All(outcomes, outcome => Assert.Equal(
            ("model_error", "The first dimension of output 'mean' [] must be the batch, but its shape is [] where the batch has 1."),
            (outcome.Error?.Code, outcome.Error?.Message)));
    }

    private static OnnxRunner Open(string model) =>
        new(Path.Combine(AppContext.BaseDirectory, "Process", "Runners", "Models", $"{model}.onnx"));
}
