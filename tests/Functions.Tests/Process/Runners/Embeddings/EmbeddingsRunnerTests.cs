using System.Globalization;
using System.Text.Json;
using ModelJobs.Functions.Process.Runners.Embeddings;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.OpenAi;

namespace ModelJobs.Functions.Tests.Process.Runners.Embeddings;

public sealed class EmbeddingsRunnerTests : IAsyncLifetime
{
    private readonly VirtualTime _time = new();
    private readonly OpenAiStandIn _standIn;
    private StandInServer _server = null!;

    public EmbeddingsRunnerTests() => _standIn = new OpenAiStandIn(_time);

    public async ValueTask InitializeAsync() => _server = await StandInServer.StartAsync(_standIn, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task RunAsync_Chunk_IsOneCallAndEachItemHasItsVector()
    {
        using var runner = Runner();

        var outcomes = await runner.RunBoundedAsync(Calls.Of("\"a\"", """{"input":"bcd"}""", "\"ef\""));

        Assert.Equal(["""{"embedding":[1,97]}""", """{"embedding":[3,98]}""", """{"embedding":[2,101]}"""], outcomes.Select(outcome => outcome.Json()));
        Assert.Equal([1L, 3, 2], outcomes.Select(outcome => outcome.Usage!.InputTokens));
        Assert.Single(_standIn.Seen);
    }

    [Fact]
    public async Task RunAsync_FormatBase64_WritesTheNumbersAsBytes()
    {
        using var runner = Runner(options => options with { Format = VectorFormat.Base64, Dimensions = 2 });

        var outcome = await runner.RunOneAsync("\"a\"");

        var bytes = outcome.Output!.Value.GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal([1f, 97f], [BitConverter.ToSingle(bytes, 0), BitConverter.ToSingle(bytes, 4)]);
        Assert.Equal(2, JsonElement.Parse(_standIn.Seen[0].Body).GetProperty("dimensions").GetInt32());
    }

    [Theory]
    [InlineData(4, 1000, "4 4 2")]
    [InlineData(100, 6, "3 3 3 1")]
    public async Task RunAsync_ChunkLargerThanACall_TakesAsFewAsTheLimitsAllow(int maxInputs, int maxTokens, string sizes)
    {
        using var runner = Runner(options => options with { MaxInputsPerCall = maxInputs, MaxTokensPerCall = maxTokens });

        var outcomes = await runner.RunBoundedAsync(Calls.Of([.. Enumerable.Range(0, 10).Select(index => $"\"text-{index}\"")]));

        Assert.Equal(sizes, string.Join(' ', _standIn.Seen.Select(Inputs).Select(inputs => inputs.Length).OrderDescending()));
        Assert.All(outcomes, outcome => Assert.Equal("6", outcome.Output?.GetProperty("embedding")[0].GetRawText()));
    }

    [Fact]
    public async Task RunAsync_OneInputIsRefused_FailsAlone()
    {
        using var runner = Runner();
        var inputs = Enumerable.Range(0, 20).Select(index => index == 13 ? "\"refuse\"" : $"\"{index.ToString(CultureInfo.InvariantCulture)}\"").ToArray();

        var outcomes = await runner.RunBoundedAsync(Calls.Of(inputs));

        Assert.Equal([13], Enumerable.Range(0, 20).Where(index => outcomes[index].Error is not null));
        Assert.Equal(("invalid_request_error", false), (outcomes[13].Error?.Code, outcomes[13].IsTransient));
        Assert.InRange(_standIn.Seen.Count, 2, 12);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task RunAsync_CallIsRefusedForOtherReasons_IsNotHalved(int status)
    {
        _standIn.Script = _ => OpenAiStandIn.Error(status, "no", "no");
        using var runner = Runner();

        var outcomes = await runner.RunBoundedAsync(Calls.Of("\"a\"", "\"b\""));

        Assert.All(outcomes, outcome => Assert.Equal(status == 500, outcome.IsTransient));
        Assert.Single(_standIn.Seen);
    }

    [Fact]
    public async Task RunAsync_VectorIsMissing_IsTransient()
    {
        _standIn.Script = _ => new StandInReply(200, """{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":1,"total_tokens":1}}""");
        using var runner = Runner();

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(("malformed_answer", true), (outcome.Error?.Code, outcome.IsTransient));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("\"\"")]
    [InlineData("""{"text":"a"}""")]
    public async Task RunAsync_InputIsNoText_FailsAloneAndSaysWhatToSend(string input)
    {
        using var runner = Runner();

        var outcomes = await runner.RunBoundedAsync(Calls.Of("\"a\"", input));

        Assert.Null(outcomes[0].Error);
        Assert.Equal("invalid_input", outcomes[1].Error?.Code);
    }

    private static string[] Inputs(StandInRequest request) =>
        [.. JsonElement.Parse(request.Body).GetProperty("input").EnumerateArray().Select(input => input.GetString()!)];

    private EmbeddingsRunner Runner(Func<EmbeddingsRunnerOptions, EmbeddingsRunnerOptions>? configure = null)
    {
        var options = new EmbeddingsRunnerOptions { Endpoint = _server.Endpoint, Model = "embedding" };
        return new EmbeddingsRunner(configure?.Invoke(options) ?? options, _time);
    }
}
