using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

/// <summary>The sample network on the sample digits.</summary>
public sealed class OnnxRunnerDigitsTests(OnnxRunnerDigitsTests.Model model) : IClassFixture<OnnxRunnerDigitsTests.Model>
{
    private const float Tolerance = 1e-5f;

    private OnnxRunner Runner => model.Runner;

    [Fact]
    public async Task RunAsync_SampleDigits_RecognizesThem()
    {
        var digits = Digits.Take(200);

        var outcomes = await Runner.RunBoundedAsync(digits);

        var right = outcomes.Zip(digits, (outcome, digit) => outcome.Digit() == digit.Label()).Count(isRight => isRight);
        Assert.InRange(right, 191, 200);
    }

    [Fact]
    public async Task RunAsync_Digit_AnswersAScalarAndAnArrayThatAgree()
    {
        var outcome = Assert.Single(await Runner.RunBoundedAsync(Digits.Take(1)));

        var probabilities = outcome.Probabilities();
        Assert.Equal(10, probabilities.Length);
        Assert.Equal(1, probabilities.Sum(), Tolerance);
        Assert.Equal(Array.IndexOf(probabilities, probabilities.Max()), outcome.Digit());
    }

    [Fact]
    public async Task RunAsync_ChunkAsOneBatch_AnswersAsItemsAlone()
    {
        var digits = Digits.Take(50);

        var batched = await Runner.RunBoundedAsync(digits);

        for (var i = 0; i < digits.Length; i++)
        {
            var alone = Assert.Single(await Runner.RunBoundedAsync(digits[i]));
            Assert.Equal(alone.Digit(), batched[i].Digit());
            Assert.All(alone.Probabilities().Zip(batched[i].Probabilities()), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        }
    }

    [Fact]
    public async Task RunAsync_ChunkLargerThanABatch_AnswersAllItemsInOrder()
    {
        using var runner = new OnnxRunner(Digits.ModelPath, new OnnxRunnerOptions { MaxBatchItems = 7 });
        var digits = Digits.Take(50);

        var outcomes = await runner.RunBoundedAsync(digits);

        var whole = await Runner.RunBoundedAsync(digits);
        Assert.Equal(whole.Select(outcome => outcome.Digit()), outcomes.Select(outcome => outcome.Digit()));
    }

    [Fact]
    public async Task RunAsync_ManyChunksAtOnce_AnswersEachItsOwn()
    {
        var digits = Digits.Take(200);
        var expected = (await Runner.RunBoundedAsync(digits)).Select(outcome => outcome.Digit());

        var chunks = await Task.WhenAll(digits.Chunk(10).Select(chunk => Runner.RunBoundedAsync(chunk)));

        Assert.Equal(expected, chunks.SelectMany(chunk => chunk).Select(outcome => outcome.Digit()));
    }

    [Fact]
    public async Task RunAsync_BadItemsAmongGoodOnes_FailAlone()
    {
        var digits = Digits.Take(3);
        var short12 = Calls.Of("[1,2,3,4,5,6,7,8,9,10,11,12]")[0];
        var notANumber = Calls.Of($"[{string.Join(',', Enumerable.Repeat("0", 783))},\"ink\"]")[0];

        var outcomes = await Runner.RunBoundedAsync(digits[0], short12, digits[1], notANumber, digits[2]);

        Assert.Equal([true, false, true, false, true], outcomes.Select(outcome => outcome.Error is null));
        Assert.Equal("expected 784 numbers for 'pixels' [N,1,28,28], got 12", outcomes[1].Error?.Message);
        Assert.Equal("expected numbers for 'pixels' [N,1,28,28], got \"ink\" as element 784", outcomes[3].Error?.Message);
        Assert.All([outcomes[1], outcomes[3]], bad => Assert.Equal(("invalid_input", false), (bad.Error?.Code, bad.IsTransient)));
        var good = await Runner.RunBoundedAsync(digits);
        Assert.Equal(good.Select(outcome => outcome.Digit()), [outcomes[0].Digit(), outcomes[2].Digit(), outcomes[4].Digit()]);
    }

    [Theory]
    [InlineData(28, 28)]
    [InlineData(1, 28, 28)]
    [InlineData(1, 1, 28, 28)]
    public async Task RunAsync_NestedInput_AnswersAsForTheFlatOne(params int[] shape)
    {
        var digit = Digits.Take(1)[0];
        var pixels = digit.Item.Input.EnumerateArray().Select(pixel => pixel.GetRawText()).ToArray();

        var outcome = await Runner.RunOneAsync(Nest(pixels, shape));

        Assert.Equal(Assert.Single(await Runner.RunBoundedAsync(digit)).Json(), outcome.Json());
    }

    [Theory]
    [InlineData(14, 56)]
    [InlineData(4, 14, 14)]
    public async Task RunAsync_NestedOtherwise_FailsAndShowsBothShapes(params int[] shape)
    {
        var outcome = await Runner.RunOneAsync(Nest([.. Enumerable.Repeat("0", 784)], shape));

        Assert.Equal($"expected 784 numbers for 'pixels' [N,1,28,28], got arrays of [{string.Join(',', shape)}]", outcome.Error?.Message);
    }

    [Fact]
    public async Task RunAsync_RowsOfUnequalLength_FailsAndSaysWhere()
    {
        var rows = Enumerable.Range(0, 28).Select(row => $"[{string.Join(',', Enumerable.Repeat("0", row == 3 ? 27 : 28))}]");

        var outcome = await Runner.RunOneAsync($"[{string.Join(',', rows)}]");

        Assert.Equal(
            "expected arrays of equal length for 'pixels' [N,1,28,28], got one of 27 where 28 elements were expected, after element 84",
            outcome.Error?.Message);
    }

    [Theory]
    [InlineData("7", "got a number")]
    [InlineData("\"7\"", "got a string")]
    [InlineData("null", "got null")]
    [InlineData("[]", "got 0")]
    [InlineData("""{"image": []}""", "expected an object with 'pixels' [N,1,28,28], got one with 'image'")]
    [InlineData("{}", "expected an object with 'pixels' [N,1,28,28], got one without 'pixels'")]
    public async Task RunAsync_InputOfAnotherKind_FailsAndSaysWhatToSend(string input, string problem)
    {
        var outcome = await Runner.RunOneAsync(input);

        Assert.Equal("invalid_input", outcome.Error?.Code);
        Assert.EndsWith(problem, outcome.Error?.Message, StringComparison.Ordinal);
        Assert.Contains("'pixels' [N,1,28,28]", outcome.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_OutputLargerThanAllowed_FailsForGood()
    {
        using var runner = new OnnxRunner(Digits.ModelPath, new OnnxRunnerOptions { MaxOutputElements = 10 });

        var outcomes = await runner.RunBoundedAsync(Digits.Take(2));

        Assert.All(outcomes, outcome => Assert.Equal(("output_too_large", false), (outcome.Error?.Code, outcome.IsTransient)));
    }

    private static string Nest(ReadOnlySpan<string> elements, ReadOnlySpan<int> shape)
    {
        if (shape.IsEmpty)
            return elements[0];
        var size = elements.Length / shape[0];
        var parts = new string[shape[0]];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = Nest(elements.Slice(i * size, size), shape[1..]);
        return $"[{string.Join(',', parts)}]";
    }

    public sealed class Model : IDisposable
    {
        public OnnxRunner Runner { get; } = new(Digits.ModelPath);

        public void Dispose() => Runner.Dispose();
    }
}
