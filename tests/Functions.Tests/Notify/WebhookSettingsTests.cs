using Microsoft.Extensions.Configuration;
using ModelJobs.Functions.Notify;

namespace ModelJobs.Functions.Tests.Notify;

public sealed class WebhookSettingsTests
{
    private const string Next = WebhookSignatureTests.NextSecret;

    [Theory]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData(WebhookSignatureTests.Secret, 1)]
    [InlineData($"{WebhookSignatureTests.Secret} {Next}", 2)]
    public void Problems_SecretsAsTheyShouldBe_AreNone(string? secret, int keys)
    {
        var (problems, settings) = Bind(("Secret", secret));

        Assert.Empty(problems);
        Assert.Equal(keys, settings.Keys.Count);
    }

    [Theory]
    [InlineData("very-secret")]
    [InlineData("whsec_")]
    [InlineData("whsec_c2hvcnQ=")] // fewer than 24 bytes
    [InlineData("whsec_not base64!")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData($"{Next} {Next} {Next}")]
    [InlineData("@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/webhooks)")]
    public void Problems_SecretsThatAreNone_NameTheSettingAndNotItsValue(string secret)
    {
        var problem = Assert.Single(Bind(("Secret", secret)).Problems);

        Assert.StartsWith("Webhooks:Secret is wrong: must be whsec_ and 24 to 64 bytes as base64", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(secret.Split(' ')[^1], problem.Replace("whsec_ and", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_LongSecret_IsRefused()
    {
        Assert.Empty(Bind(("Secret", "whsec_" + Convert.ToBase64String(new byte[64]))).Problems);
        Assert.Single(Bind(("Secret", "whsec_" + Convert.ToBase64String(new byte[65]))).Problems);
    }

    [Theory]
    [InlineData("hooks.example.org", true)]
    [InlineData("*.example.org, 10.0.0.1;hooks.example.com", true)]
    [InlineData("https://example.org", false)]
    [InlineData("*", false)]
    [InlineData("a.*.org", false)]
    public void Problems_AllowedHosts_AreHostsOrAllBelowOne(string hosts, bool isRight) => Assert.Equal(isRight, Bind(("AllowedHosts", hosts)).Problems.Count == 0);

    private static (IReadOnlyList<string> Problems, WebhookSettings Settings) Bind(params (string Name, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Where(setting => setting.Value is not null).Select(setting => KeyValuePair.Create($"{WebhookSettings.Section}:{setting.Name}", setting.Value))).Build();
        var bound = new WebhookSettings();
        return (StrictSettings.Problems(configuration.GetSection(WebhookSettings.Section), bound), bound);
    }
}
