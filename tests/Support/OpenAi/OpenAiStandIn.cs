using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ModelJobs.Tests.Support.OpenAi;

/// <summary>
/// Stands in for an API of OpenAI's kind: chat completions and embeddings, with limits of calls and tokens, their headers, keys and faults. All of its
/// time is that of a TimeProvider. <see cref="StandInServer"/> offers it over HTTP, <see cref="StandInHandler"/> within the process.
/// </summary>
public sealed class OpenAiStandIn(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly List<(double At, int Status)> _answers = [];
    private int _requests;
    private int _answering;

    /// <summary>Limit of calls; none if null.</summary>
    public StandInLimit? Requests { get; set; }

    /// <summary>Limit of tokens; none if null.</summary>
    public StandInLimit? Tokens { get; set; }

    /// <summary>Whether answers carry <c>x-ratelimit-*</c>.</summary>
    public bool TellsLimits { get; init; } = true;

    /// <summary>How long an answer takes, given how many are being made.</summary>
    public Func<int, TimeSpan> Latency { get; set; } = _ => TimeSpan.Zero;

    /// <summary>Tokens of a chat's answer.</summary>
    public int AnswerTokens { get; init; } = 10;

    /// <summary>Text of a chat's answer; what it was asked if null.</summary>
    public string? Text { get; set; }

    /// <summary>The key that is asked for; none if null.</summary>
    public string? Key { get; init; }

    /// <summary>Gives a request another answer than the usual one; null leaves the usual one.</summary>
    public Func<StandInRequest, StandInReply?> Script { get; set; } = _ => null;

    /// <summary>Requests that came.</summary>
    public List<StandInRequest> Seen { get; } = [];

    /// <summary>Answers that wait for their time to come. The count falls when the clock runs their timer, not later.</summary>
    public int Waiting => Volatile.Read(ref _answering);

    /// <summary>When each answer was decided on, in seconds since the start, and its status.</summary>
    public IReadOnlyList<(double At, int Status)> Answers
    {
        get
        {
            lock (_lock)
            {
                return [.. _answers];
            }
        }
    }

    public double Now => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Changes the limit of calls.</summary>
    public void Limit(double requestsPerMinute)
    {
        lock (_lock)
        {
            Requests!.Change(requestsPerMinute, Now);
        }
    }

    /// <summary>Answers a request.</summary>
    public async Task<StandInReply> AnswerAsync(string path, string body, string? authorization, CancellationToken cancellationToken)
    {
        StandInReply reply;
        int busy;
        lock (_lock)
        {
            var request = new StandInRequest(++_requests, path, body, authorization);
            Seen.Add(request);
            busy = _answering + 1;
            reply = Key is { } key && authorization != key
                ? Error(401, "invalid_api_key", $"Incorrect API key provided: {authorization}.")
                : Script(request) ?? Answer(request);
            if (TellsLimits)
            {
                reply = reply with { Headers = [.. reply.Headers, .. Requests?.Headers("requests") ?? [], .. Tokens?.Headers("tokens") ?? []] };
            }

            _answers.Add((Now, reply.Status));
        }

        await PassAsync(reply.After ?? (reply.Status == 429 ? TimeSpan.Zero : Latency(busy)), cancellationToken);
        return reply;
    }

    public static StandInReply Error(int status, string code, string message, params KeyValuePair<string, string>[] headers) =>
        new(status, new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } }.ToJsonString()) { Headers = headers };

    private StandInReply Answer(StandInRequest request)
    {
        var body = JsonNode.Parse(request.Body)!.AsObject();
        var sent = request.Body.Length / 4;
        if (Requests is not null && !Requests.TryTake(1, Now))
        {
            return Throttled(Requests.SecondsUntil(1));
        }

        if (Tokens is not null && !Tokens.TryTake(sent, Now))
        {
            return Throttled(Tokens.SecondsUntil(sent));
        }

        if (request.Path.EndsWith("/embeddings", StringComparison.Ordinal))
        {
            return Embed(body);
        }

        Tokens?.Charge(AnswerTokens, Now);
        return new StandInReply(200, new JsonObject
        {
            ["id"] = $"chatcmpl-{request.Number}",
            ["object"] = "chat.completion",
            ["created"] = 1,
            ["model"] = "stand-in",
            ["choices"] = new JsonArray(new JsonObject
            {
                ["index"] = 0,
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = Text ?? Asked(body) },
                ["finish_reason"] = "stop",
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = sent, ["completion_tokens"] = AnswerTokens, ["total_tokens"] = sent + AnswerTokens },
        }.ToJsonString());
    }

    // A vector of a text: its length, and its first character.
    private static StandInReply Embed(JsonObject body)
    {
        var inputs = body["input"]!.AsArray().Select(input => input!.GetValue<string>()).ToList();
        if (inputs.Any(input => input.Contains("refuse", StringComparison.Ordinal)))
        {
            return Error(400, "invalid_request_error", "An input is refused.");
        }

        var data = new JsonArray([.. inputs.Select((input, index) => new JsonObject
        {
            ["object"] = "embedding",
            ["index"] = index,
            ["embedding"] = Convert.ToBase64String(MemoryMarshal.AsBytes<float>([input.Length, input[0]])),
        })]);
        var tokens = inputs.Sum(input => input.Length);
        return new StandInReply(200, new JsonObject
        {
            ["object"] = "list",
            ["model"] = "stand-in",
            // Backwards: the index says whose a vector is, not its place.
            ["data"] = new JsonArray([.. data.Reverse().Select(vector => vector!.DeepClone())]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        }.ToJsonString());
    }

    private static string Asked(JsonObject body) =>
        body["messages"]!.AsArray()[^1]!["content"] is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : "";

    private static StandInReply Throttled(double seconds) => Error(
        429, "rate_limit_exceeded", "Rate limit reached.", new KeyValuePair<string, string>("Retry-After", Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture)));

    private async Task PassAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        // The timer itself takes the answer off the count: whoever moves the clock must not find it waiting afterwards.
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = time.CreateTimer(
            _ =>
            {
                if (passed.TrySetResult())
                {
                    Interlocked.Decrement(ref _answering);
                }
            },
            null,
            wait,
            Timeout.InfiniteTimeSpan);
        Interlocked.Increment(ref _answering);
        await using var cancellation = cancellationToken.UnsafeRegister(
            _ =>
            {
                if (passed.TrySetCanceled(cancellationToken))
                {
                    Interlocked.Decrement(ref _answering);
                }
            },
            null);
        await passed.Task;
    }
}
