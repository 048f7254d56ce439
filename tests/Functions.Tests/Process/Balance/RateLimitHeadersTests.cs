using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Tests.Process.Balance;

public sealed class RateLimitHeadersTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1s", 1.0)]
    [InlineData("6m0s", 360.0)]
    [InlineData("20ms", 0.02)]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("12", 12.0)]
    [InlineData("99d", 86_400.0)]
    [InlineData("soon", null)]
    [InlineData("1s later", null)]
    [InlineData("-1s", null)]
    [InlineData(null, null)]
    public void Read_Reset_TakesTheFormsThatEndpointsUse(string? text, double? seconds) =>
        Assert.Equal(seconds, Read(("x-ratelimit-reset-requests", text)).Requests.Reset?.TotalSeconds);

    [Theory]
    [InlineData("Retry-After", "7", 7.0)]
    [InlineData("Retry-After", "Tue, 01 Jan 2030 00:00:30 GMT", 30.0)]
    [InlineData("Retry-After", "Mon, 31 Dec 2029 00:00:00 GMT", 0.0)]
    [InlineData("Retry-After", "after lunch", null)]
    [InlineData("retry-after-ms", "250", 0.25)]
    public void Read_RetryAfter_TakesSecondsMillisecondsAndDates(string name, string value, double? seconds) =>
        Assert.Equal(seconds, Read((name, value)).RetryAfter?.TotalSeconds);

    [Fact]
    public void Read_LimitsOfCallsAndTokens_KeepsThemApart()
    {
        var limits = Read(("x-ratelimit-limit-requests", "600"), ("x-ratelimit-remaining-requests", "599"), ("x-ratelimit-remaining-tokens", "90000"));

        Assert.Equal(new RateLimit(600, 599, null), limits.Requests);
        Assert.Equal(new RateLimit(null, 90_000, null), limits.Tokens);
    }

    private static RateLimitHeaders Read(params (string Name, string? Value)[] headers) =>
        RateLimitHeaders.Read(name => headers.FirstOrDefault(header => header.Name == name).Value, Now);
}
