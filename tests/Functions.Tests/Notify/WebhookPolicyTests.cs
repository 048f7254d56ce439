using CsCheck;
using ModelJobs.Contracts;
using ModelJobs.Functions.Notify;

namespace ModelJobs.Functions.Tests.Notify;

public sealed class WebhookPolicyTests
{
    [Theory]
    [InlineData("https://example.org")]
    [InlineData("https://hooks.example.org:8443/a/b?token=x&y=%C3%B6")]
    [InlineData("https://xn--bcher-kva.example.org/")]
    [InlineData("https://8.8.8.8/hook")]
    [InlineData("https://[2606:4700:4700::1111]/hook")]
    [InlineData("https://internal.example.org/")]
    public void ProblemOf_PublicHttpsAddress_IsNull(string url) => Assert.Null(Policy().ProblemOf(url));

    [Theory]
    [InlineData("http://example.org/")]
    [InlineData("ftp://example.org/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("/hook")]
    [InlineData("example.org/hook")]
    [InlineData("https:///hook")]
    [InlineData("")]
    [InlineData(" https://example.org/")]
    [InlineData("https://example.org/a b")]
    [InlineData("https://example.org/\r\nHost: x")]
    [InlineData("https://example.org\\@localhost/")]
    [InlineData("https://büch.example.org/")]
    [InlineData("https://example.org/…")]
    public void ProblemOf_NoHttpsAddress_SaysWhatIsExpected(string url) => Assert.Contains("must be an absolute https address", Policy().ProblemOf(url));

    [Theory]
    [InlineData("https://user@example.org/")]
    [InlineData("https://user:password@example.org/")]
    [InlineData("https://example.org@10.0.0.1/")]
    [InlineData("https://example.org/#part")]
    [InlineData("https://example.org/#")]
    public void ProblemOf_UserOrFragment_SaysSo(string url) => Assert.Contains("neither a user nor", Policy().ProblemOf(url));

    [Theory]
    [InlineData("https://localhost/")]
    [InlineData("https://LOCALHOST./")]
    [InlineData("https://a.localhost/")]
    [InlineData("https://printer.local/")]
    [InlineData("https://metadata.google.internal/")]
    [InlineData("https://db.internal./")]
    [InlineData("https://nas.home.arpa/")]
    [InlineData("https://intranet/")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://172.16.0.1/")]
    [InlineData("https://192.168.1.1/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://169.254.169.254/metadata/instance")]
    [InlineData("https://168.63.129.16/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://255.255.255.255/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://[ff02::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:169.254.169.254]/")]
    [InlineData("https://[64:ff9b::a9fe:a9fe]/")]
    public void ProblemOf_HostThatIsNotPublic_SaysSo(string url) => Assert.Contains("a host of the internet", Policy().ProblemOf(url));

    [Fact]
    public void ProblemOf_LongAddress_NamesTheLimit()
    {
        var url = "https://example.org/".PadRight(JobLimits.MaxWebhookLength, 'x');

        Assert.Null(Policy().ProblemOf(url));
        Assert.Contains("at most 2000 characters", Policy().ProblemOf(url + "x"));
    }

    [Fact]
    public void ProblemOf_NoSecret_SaysWhichSettingIsMissing() =>
        Assert.Contains("Webhooks__Secret", new WebhookPolicy(new WebhookSettings()).ProblemOf("https://example.org/"));

    [Theory]
    [InlineData("https://hooks.example.org/", true)]
    [InlineData("https://HOOKS.example.org:444/", true)]
    [InlineData("https://a.example.com/", true)]
    [InlineData("https://a.b.example.com/", true)]
    [InlineData("https://example.com/", false)]
    [InlineData("https://badexample.com/", false)]
    [InlineData("https://example.com.evil.org/", false)]
    [InlineData("https://other.example.org/", false)]
    public void ProblemOf_HostsAreListed_TakesThoseAlone(string url, bool isAllowed)
    {
        var problem = Policy(settings => settings.AllowedHosts = "hooks.example.org, *.example.com").ProblemOf(url);

        Assert.Equal(isAllowed, problem is null);
        Assert.True(isAllowed || problem!.Contains("hooks.example.org, *.example.com", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://localhost:5000/hook", true)]
    [InlineData("https://10.0.0.1/", true)]
    [InlineData("http://[::1]:5000/", true)]
    [InlineData("ftp://localhost/", false)]
    [InlineData("http://user@localhost/", false)]
    public void ProblemOf_PrivateAddressesAreAllowed_TakesThemAndHttp(string url, bool isAllowed) =>
        Assert.Equal(isAllowed, Policy(settings => settings.AllowPrivateAddresses = true).ProblemOf(url) is null);

    [Fact]
    public void ProblemOf_AnyAddress_IsNeverRepeated() =>
        Gen.OneOf(
            Gen.String[Gen.Char[' ', '~'], 0, 40],
            Gen.String[Gen.Char.AlphaNumeric, 12, 20].Select(secret => $"https://localhost/{secret}"),
            Gen.String[Gen.Char.AlphaNumeric, 12, 20].Select(secret => $"https://u:{secret}@example.org/")).Sample(url =>
                Assert.False(url.Length >= 12 && Policy().ProblemOf(url)?.Contains(url, StringComparison.Ordinal) == true));

    [Theory]
    [InlineData("https://hooks.example.org/a/secret?token=secret", "https://hooks.example.org/…")]
    [InlineData("https://example.org:8443", "https://example.org:8443/…")]
    public void Shown_Address_HasItsHostAlone(string url, string shown)
    {
        Assert.Equal(new JobOptions { Webhook = shown }, WebhookPolicy.Shown(new JobOptions { Webhook = url }));
        Assert.NotNull(Policy().ProblemOf(shown));
    }

    [Fact]
    public void Shown_NoWebhook_ChangesNothing() => Assert.Equal(new JobOptions(), WebhookPolicy.Shown(new JobOptions()));

    private static WebhookPolicy Policy(Action<WebhookSettings>? change = null)
    {
        var settings = new WebhookSettings { Secret = WebhookSignatureTests.Secret };
        change?.Invoke(settings);
        return new WebhookPolicy(settings);
    }
}
