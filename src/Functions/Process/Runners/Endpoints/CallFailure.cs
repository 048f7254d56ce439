using System.ClientModel;
using System.Globalization;
using System.Text.Json;
using Azure.Identity;
using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Process.Runners.Endpoints;

/// <summary>Why a call to an endpoint failed, and what follows from it.</summary>
/// <param name="Outcome">What it means for the item.</param>
/// <param name="Result">What it says about the endpoint.</param>
/// <param name="IsInput">Whether what was sent is at fault, so that a part of it may pass.</param>
internal sealed record CallFailure(ItemOutcome Outcome, CallResult Result, bool IsInput = false)
{
    /// <summary>Longest text of the endpoint that an error repeats.</summary>
    private const int MaxMessage = 500;

    /// <summary>Longest code of the endpoint that an error takes over.</summary>
    private const int MaxCode = 100;

    /// <summary>The answer cannot be read: it was cut, or it is not what was asked for.</summary>
    public static CallFailure Malformed { get; } = new(
        ItemOutcome.Transient("malformed_answer", "The endpoint's answer is not a whole, valid answer."), CallResult.Failed);

    /// <summary>The call's turn did not come while a function can wait for it. The item comes again later, and waits no worse than those of other chunks.</summary>
    /// <param name="waited">How long it has waited.</param>
    public static CallFailure NotMade(TimeSpan waited) => new(
        ItemOutcome.Throttled($"The call was not made: its turn among the model's calls did not come within {waited}.", waited), CallResult.Abandoned);

    /// <summary>Classifies a failure.</summary>
    /// <param name="failure">What the client threw; not a cancellation by the caller.</param>
    /// <param name="head">The answer's head.</param>
    /// <param name="limits">What its headers say.</param>
    /// <param name="options">The endpoint.</param>
    public static CallFailure Of(Exception failure, AnswerHead head, RateLimitHeaders limits, EndpointOptions options) => failure switch
    {
        ClientResultException { Status: > 0 } answered => OfStatus(answered, limits, options),
        OperationCanceledException => Transient("timeout", $"The endpoint did not answer within {options.Timeout}."),
        AuthenticationFailedException => new(
            ItemOutcome.Transient("no_credentials", "The app's managed identity could not get a token for the endpoint."), CallResult.Abandoned),
        _ when head.Status is null => Transient("network", $"The endpoint could not be reached, or the connection broke: {failure.GetType().Name}."),
        HttpRequestException or IOException => Transient("network", "The connection broke within the answer."),
        _ => Malformed,
    };

    private static CallFailure OfStatus(ClientResultException failure, RateLimitHeaders limits, EndpointOptions options)
    {
        var (code, message) = ReadError(failure, options);
        return failure.Status switch
        {
            429 when code is "insufficient_quota" or "billing_hard_limit_reached" => new(ItemOutcome.Permanent(code, message), CallResult.Abandoned),
            429 => Throttled(failure.Status, limits),
            503 when limits.RetryAfter is not null => Throttled(failure.Status, limits),
            408 or 409 or >= 500 => Transient($"http_{failure.Status}", $"The endpoint answered with status {failure.Status}.", limits.RetryAfter),
            // What they say of the credentials may repeat a part of them.
            401 or 403 => new(
                ItemOutcome.Permanent(
                    "endpoint_refused",
                    $"The endpoint refused the app's credentials with status {failure.Status}. Check the model's ApiKey, or the roles of the app's identity."),
                CallResult.Abandoned),
            404 => new(ItemOutcome.Permanent(code, message), CallResult.Abandoned),
            _ => new(ItemOutcome.Permanent(code, message), CallResult.Abandoned, IsInput: true),
        };
    }

    private static CallFailure Throttled(int status, RateLimitHeaders limits) => new(
        ItemOutcome.Throttled($"The endpoint throttled the call with status {status}.", limits.RetryAfter), CallResult.Throttled);

    private static CallFailure Transient(string code, string message, TimeSpan? retryAfter = null) =>
        new(ItemOutcome.Transient(code, message, retryAfter), CallResult.Failed);

    // {"error": {"code": "...", "type": "...", "message": "..."}}, or something of the kind.
    private static (string Code, string Message) ReadError(ClientResultException failure, EndpointOptions options)
    {
        var status = failure.Status.ToString(CultureInfo.InvariantCulture);
        string? code = null;
        string? message = null;
        try
        {
            using var body = JsonDocument.Parse(failure.GetRawResponse()?.Content ?? BinaryData.FromString("{}"));
            if (body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("error", out var error))
            {
                message = error.ValueKind == JsonValueKind.String ? error.GetString() : TextOf(error, "message");
                code = TextOf(error, "code") ?? TextOf(error, "type");
            }
        }
        catch (JsonException)
        {
            // A gateway's page, perhaps: the status says enough.
        }

        return (
            code is { Length: > 0 and <= MaxCode } ? code : $"http_{status}",
            message is { Length: > 0 } ? Shown(message, options) : $"The endpoint refused the call with status {status}.");
    }

    private static string? TextOf(JsonElement error, string name) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static string Shown(string message, EndpointOptions options)
    {
        var shown = options.ApiKey is { Length: > 0 } key ? message.Replace(key, "***", StringComparison.Ordinal) : message;
        return shown.Length <= MaxMessage ? shown : $"{shown[..MaxMessage]}…";
    }
}
