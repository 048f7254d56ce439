using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Process.Runners.Chat;
using ModelJobs.Functions.Process.Runners.Endpoints;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.OpenAi;

namespace ModelJobs.Functions.Tests.Process.Runners.Chat;

/// <summary>The runner against the stand-in, over HTTP.</summary>
public sealed class ChatRunnerTests : IAsyncLifetime
{
    private const string Secret = "sk-very-secret";

    private readonly VirtualTime _time = new();
    private readonly OpenAiStandIn _standIn;
    private StandInServer _server = null!;

    public ChatRunnerTests() => _standIn = new OpenAiStandIn(_time) { Key = Secret };

    public async ValueTask InitializeAsync() => _server = await StandInServer.StartAsync(_standIn, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task RunAsync_BodyOfACompletion_PassesAllOfItAndAnswersTheCompletion()
    {
        using var runner = Runner();

        var outcome = await runner.RunOneAsync(
            """
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi","name":"ann"}],"temperature":0.5,"max_tokens":7,"top_k":5,
             "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"b":{},"a":{}}},"strict":true}}}
            """);

        var sent = JsonElement.Parse(Assert.Single(_standIn.Seen).Body);
        Assert.Equal("gpt", sent.GetProperty("model").GetString());
        Assert.Equal(["system", "user"], sent.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Equal("ann", sent.GetProperty("messages")[1].GetProperty("name").GetString());
        Assert.Equal((0.5, 7, 5), (sent.GetProperty("temperature").GetDouble(), sent.GetProperty("max_tokens").GetInt32(), sent.GetProperty("top_k").GetInt32()));
        Assert.Equal(
            """{"type":"object","properties":{"b":{},"a":{}}}""", sent.GetProperty("response_format").GetProperty("json_schema").GetProperty("schema").GetRawText());
        Assert.Equal("hi", outcome.Output?.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(10, outcome.Output?.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(new TokenUsage(_standIn.Seen[0].Body.Length / 4, 10), outcome.Usage);
    }

    [Fact]
    public async Task RunAsync_PromptsAndSettings_MakesTheBody()
    {
        using var runner = Runner(options => options with
        {
            System = "You translate.",
            Template = "Translate {{text}} to {{language}}.",
            MaxOutputTokens = 99,
            Temperature = 0.1,
            Output = ChatOutput.Content,
        });

        var outcome = await runner.RunOneAsync("""{"text":"{{language}} \"ö\"","language":["de","fr"]}""");

        Assert.Equal("""Translate {{language}} "ö" to ["de","fr"].""", outcome.Output?.GetString());
        var sent = JsonElement.Parse(_standIn.Seen[0].Body);
        Assert.Equal("You translate.", sent.GetProperty("messages")[0].GetProperty("content").GetString());
        Assert.Equal((99, 0.1), (sent.GetProperty("max_completion_tokens").GetInt32(), sent.GetProperty("temperature").GetDouble()));
    }

    [Fact]
    public async Task RunAsync_BodyThatSaysMore_ComesBeforeTheSettings()
    {
        using var runner = Runner(options => options with { System = "s", MaxOutputTokens = 99, MaxTokensByOldName = true, Temperature = 1 });

        await runner.RunOneAsync("""{"messages":[{"role":"developer","content":"d"}],"max_completion_tokens":5,"temperature":0}""");

        var sent = JsonElement.Parse(_standIn.Seen[0].Body);
        Assert.Single(sent.GetProperty("messages").EnumerateArray());
        Assert.Equal((5, 0), (sent.GetProperty("max_completion_tokens").GetInt32(), sent.GetProperty("temperature").GetInt32()));
        Assert.False(sent.TryGetProperty("max_tokens", out _));
    }

    [Theory]
    [InlineData("7", "neither a string nor an object with \"messages\"")]
    [InlineData("""{"prompt":"x"}""", "neither a string nor an object with \"messages\"")]
    [InlineData("""{"messages":[]}""", "\"messages\" must be an array of at least one message")]
    [InlineData("""{"messages":["x"]}""", "\"messages\" must be an array of at least one message")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"model":"other"}""", "\"model\" is not 'gpt'")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":true}""", "\"stream\" is not offered")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", "not of their type")]
    public async Task RunAsync_InputThatIsNoRequest_FailsForGoodAndSaysWhatToSend(string input, string problem)
    {
        using var runner = Runner();

        var outcome = await runner.RunOneAsync(input);

        Assert.Equal(("invalid_input", false), (outcome.Error?.Code, outcome.IsTransient));
        Assert.Contains(problem, outcome.Error?.Message, StringComparison.Ordinal);
        Assert.Empty(_standIn.Seen);
    }

    [Fact]
    public async Task RunAsync_SomeItemsFail_TheOthersDoNot()
    {
        _standIn.Script = request => request.Body.Contains("bad", StringComparison.Ordinal)
            ? OpenAiStandIn.Error(400, "context_length_exceeded", $"Too long. Your key is {Secret}.")
            : null;
        using var runner = Runner();

        var outcomes = await runner.RunBoundedAsync(Calls.Of("\"a\"", "\"bad\"", "\"c\""));

        Assert.Equal([true, false, true], outcomes.Select(outcome => outcome.Error is null));
        Assert.Equal(new JobError("context_length_exceeded", "Too long. Your key is ***."), outcomes[1].Error);
        Assert.False(outcomes[1].IsTransient);
    }

    [Theory]
    [InlineData(500, "server_error", "http_500")]
    [InlineData(503, "overloaded", "http_503")]
    [InlineData(408, "", "http_408")]
    public async Task RunAsync_EndpointFails_IsTransient(int status, string code, string expected)
    {
        _standIn.Script = _ => OpenAiStandIn.Error(status, code, "");
        using var runner = Runner();

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal((expected, true), (outcome.Error?.Code, outcome.IsTransient));
        Assert.Single(_standIn.Seen); // the client itself does not try again
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task RunAsync_EndpointThrottles_IsTransientWithItsWaitAndHoldsOtherCallsBack(int status)
    {
        _standIn.Script = request => request.Number == 1 ? OpenAiStandIn.Error(status, "slow_down", "", new KeyValuePair<string, string>("Retry-After", "17")) : null;
        using var runner = Runner();

        var outcome = await runner.RunOneAsync("\"a\"");
        var next = runner.RunAsync(Calls.Of("\"b\""), TestContext.Current.CancellationToken);

        Assert.Equal(("throttled", true, 17.0), (outcome.Error?.Code, outcome.IsTransient, outcome.RetryAfter?.TotalSeconds));
        Assert.Equal((1, 1, 1), (runner.Balance.Throttled, runner.Balance.Waiting, _standIn.Seen.Count));
        while (runner.Balance.Waiting > 0)
        {
            Assert.True(_time.MoveToNextTimer());
        }

        Assert.Null((await next.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken))[0].Error);
        Assert.True(_time.Elapsed >= TimeSpan.FromSeconds(17));
    }

    [Fact]
    public async Task RunAsync_QuotaIsUsedUp_FailsForGood()
    {
        _standIn.Script = _ => OpenAiStandIn.Error(429, "insufficient_quota", "Check your plan.");
        using var runner = Runner();

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(("insufficient_quota", false), (outcome.Error?.Code, outcome.IsTransient));
    }

    [Fact]
    public async Task RunAsync_WrongKey_FailsForGoodAndDoesNotRepeatIt()
    {
        using var runner = Runner(options => options with { ApiKey = "sk-wrong" });

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(("endpoint_refused", false), (outcome.Error?.Code, outcome.IsTransient));
        Assert.DoesNotContain("sk-", outcome.Error?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":"x","choices":[{"index":0,"mess""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"id":"x","choices":[]}""")]
    [InlineData("""{"id":"x","choices":[{}]}""")]
    public async Task RunAsync_AnswerIsNotACompletion_IsTransient(string body)
    {
        _standIn.Script = _ => new StandInReply(200, body);
        using var runner = Runner();

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(("malformed_answer", true), (outcome.Error?.Code, outcome.IsTransient));
    }

    [Fact]
    public async Task RunAsync_AnswerIsCut_IsTransient()
    {
        _standIn.Script = _ => new StandInReply(200, """{"id":"x","choices":[]}""") { Fault = StandInFault.Cut };
        using var runner = Runner();

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(("network", true), (outcome.Error?.Code, outcome.IsTransient));
    }

    [Fact]
    public async Task RunAsync_NobodyListens_IsTransient()
    {
        using var runner = Runner(options => options with { Endpoint = "http://127.0.0.1:1/v1" });

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(("network", true), (outcome.Error?.Code, outcome.IsTransient));
    }

    [Fact]
    public async Task RunAsync_AnswerIsSlow_EndsAtTheTimeout()
    {
        _standIn.Latency = _ => TimeSpan.FromHours(1);
        using var runner = Runner(options => options with { Timeout = TimeSpan.FromSeconds(30) });

        var run = runner.RunAsync(Calls.Of("\"a\""), TestContext.Current.CancellationToken);
        await UntilAsync(() => _standIn.Waiting == 1);
        Assert.True(_time.MoveToNextTimer());
        var outcome = (await run.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken))[0];

        Assert.Equal(("timeout", true), (outcome.Error?.Code, outcome.IsTransient));
        Assert.Equal(TimeSpan.FromSeconds(30), _time.Elapsed);
        await UntilAsync(() => _standIn.Waiting == 0); // the call itself was ended
    }

    [Fact]
    public async Task RunAsync_Cancelled_EndsTheCallAndThoseThatWait()
    {
        _standIn.Latency = _ => TimeSpan.FromHours(1);
        using var runner = Runner(options => options with { InitialConcurrency = 1, MaxConcurrency = 1 });
        using var cancellation = new CancellationTokenSource();

        var run = runner.RunAsync(Calls.Of("\"a\"", "\"b\""), cancellation.Token);
        await UntilAsync(() => _standIn.Waiting == 1);
        await cancellation.CancelAsync();

        var outcomes = await run.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);
        Assert.All(outcomes, outcome => Assert.Same(ItemOutcome.Canceled, outcome));
        await UntilAsync(() => _standIn.Waiting == 0);
        Assert.Equal((0, 0, 1), (runner.Balance.InFlight, runner.Balance.Waiting, _standIn.Seen.Count));
    }

    [Fact]
    public async Task RunAsync_TurnDoesNotComeInTime_MakesNoCallAndAsksToComeLater()
    {
        _standIn.Latency = _ => TimeSpan.FromHours(1);
        using var runner = Runner(options => options with { InitialConcurrency = 1, MaxConcurrency = 1, Timeout = TimeSpan.FromMinutes(30) });

        var run = runner.RunAsync(Calls.Of("\"a\"", "\"b\""), TestContext.Current.CancellationToken);
        await UntilAsync(() => _standIn.Waiting == 1 && runner.Balance.Waiting == 1);
        Assert.True(_time.MoveToNextTimer());
        Assert.Equal(ModelEndpoint.MaxWait, _time.Elapsed);
        await UntilAsync(() => runner.Balance.Waiting == 0);
        Assert.True(_time.MoveToNextTimer());
        var outcomes = await run.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(["throttled", "timeout"], outcomes.Select(outcome => outcome.Error?.Code).Order(StringComparer.Ordinal));
        Assert.Equal(ModelEndpoint.MaxWait, outcomes.Single(outcome => outcome.Error?.Code == "throttled").RetryAfter);
        Assert.Single(_standIn.Seen);
    }

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":""", null)]
    public async Task RunAsync_ContentThatIsToBeJson_IsReadOrTriedAgain(string text, string? output)
    {
        _standIn.Text = text;
        using var runner = Runner(options => options with { Output = ChatOutput.Content, ResponseFormat = """{"type":"json_object"}""" });

        var outcome = await runner.RunOneAsync("\"a\"");

        Assert.Equal(output, outcome.Output?.GetRawText());
        Assert.Equal(output is null ? "malformed_answer" : null, outcome.Error?.Code);
    }

    [Fact]
    public async Task RunAsync_AzureDeployment_IsCalledByItsPathWithItsKey()
    {
        using var runner = Runner(options => options with { Endpoint = _server.Resource, Model = null, Deployment = "my-gpt" });

        var outcome = await runner.RunOneAsync("\"hi\"");

        Assert.Null(outcome.Error);
        Assert.Equal("/openai/deployments/my-gpt/chat/completions", Assert.Single(_standIn.Seen).Path);
    }

    private ChatRunner Runner(Func<ChatRunnerOptions, ChatRunnerOptions>? configure = null)
    {
        var options = new ChatRunnerOptions { Endpoint = _server.Endpoint, Model = "gpt", ApiKey = Secret };
        return new ChatRunner(configure?.Invoke(options) ?? options, _time);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        // What is waited for happens on the sockets' threads, not by this clock.
        using var patience = new CancellationTokenSource(Calls.Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
