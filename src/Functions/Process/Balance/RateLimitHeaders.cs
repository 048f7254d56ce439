using System.Globalization;
using System.Text.RegularExpressions;

namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// What an endpoint's answer says about its limits: <c>x-ratelimit-{limit,remaining,reset}-{requests,tokens}</c>, as OpenAI, Azure OpenAI
/// and many that are compatible send them, <c>Retry-After</c> and <c>retry-after-ms</c>. What is absent or unreadable is null.
/// </summary>
/// <param name="Requests">The limit of calls.</param>
/// <param name="Tokens">The limit of tokens.</param>
/// <param name="RetryAfter">How long to make no call.</param>
public sealed partial record RateLimitHeaders(RateLimit Requests, RateLimit Tokens, TimeSpan? RetryAfter)
{
    /// <summary>Longest time that a header can ask for: more than a day is a mistake.</summary>
    private static readonly TimeSpan MaxTime = TimeSpan.FromDays(1);

    /// <summary>Reads the headers of an answer.</summary>
    /// <param name="find">Gives a header's value; null if it is absent.</param>
    /// <param name="now">The time, for a <c>Retry-After</c> that is a date.</param>
    public static RateLimitHeaders Read(Func<string, string?> find, DateTimeOffset now) =>
        new(ReadLimit(find, "requests"), ReadLimit(find, "tokens"), ReadRetryAfter(find, now));

    private static RateLimit ReadLimit(Func<string, string?> find, string unit) => new(
        ReadNumber(find($"x-ratelimit-limit-{unit}")),
        ReadNumber(find($"x-ratelimit-remaining-{unit}")),
        ReadDuration(find($"x-ratelimit-reset-{unit}")));

    private static TimeSpan? ReadRetryAfter(Func<string, string?> find, DateTimeOffset now)
    {
        if (ReadNumber(find("retry-after-ms")) is { } milliseconds)
        {
            return Bounded(milliseconds / 1000);
        }

        var text = find("Retry-After");
        return ReadNumber(text) is { } seconds
            ? Bounded(seconds)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
                ? Bounded((date - now).TotalSeconds)
                : null;
    }

    private static double? ReadNumber(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    // "6m0s", "1.5s", "20ms", and bare seconds.
    private static TimeSpan? ReadDuration(string? text)
    {
        if (ReadNumber(text) is { } seconds)
        {
            return Bounded(seconds);
        }

        if (text is null || !DurationText().IsMatch(text))
        {
            return null;
        }

        var total = 0.0;
        foreach (Match part in DurationPart().Matches(text))
        {
            var number = double.Parse(part.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            total += number * part.Groups[2].Value switch { "d" => 86_400, "h" => 3600, "m" => 60, "s" => 1, _ => 0.001 };
        }

        return Bounded(total);
    }

    private static TimeSpan Bounded(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, MaxTime.TotalSeconds));

    [GeneratedRegex(@"^(\d+(\.\d+)?(ms|[dhms]))+$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationText();

    [GeneratedRegex(@"(\d+(?:\.\d+)?)(ms|[dhms])", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPart();
}

/// <summary>A limit as an endpoint tells it.</summary>
/// <param name="Limit">How many there may be in a period.</param>
/// <param name="Remaining">How many are left.</param>
/// <param name="Reset">How long until all are there again.</param>
public readonly record struct RateLimit(double? Limit, double? Remaining, TimeSpan? Reset);
