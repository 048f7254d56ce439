using System.Text;
using ModelJobs.Functions.Notify;

namespace ModelJobs.Functions.Tests.Notify;

public sealed class WebhookSignatureTests
{
    /// <summary>The secret of Standard Webhooks' own example.</summary>
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// <summary>Another.</summary>
    public const string NextSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    [Fact]
    public void Of_StandardWebhooksExample_IsThePublishedSignature() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Of(Keys(Secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("""{"test": 2432232314}""")));

    [Fact]
    public void Of_TwoKeys_HasASignatureOfEach()
    {
        var body = "{}"u8.ToArray();
        var (one, other) = (WebhookSignature.Of(Keys(Secret), "id", 1, body), WebhookSignature.Of(Keys(NextSecret), "id", 1, body));

        Assert.NotEqual(one, other);
        Assert.Equal($"{one} {other}", WebhookSignature.Of(Keys($"{Secret} {NextSecret}"), "id", 1, body));
    }

    private static IReadOnlyList<byte[]> Keys(string secret) => new WebhookSettings { Secret = secret }.Keys;
}
