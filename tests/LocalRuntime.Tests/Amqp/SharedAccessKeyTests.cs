using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Amqp.Security;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class SharedAccessKeyTests
{
    /// <summary>As the official clients make it, with the key below; it ends in 2100.</summary>
    private const string Token =
        "SharedAccessSignature sr=sb%3A%2F%2Flocalhost%2Fqueue&sig=uT7ogrTm9dyP4%2FcqffShUtt9maLw9hfSRtQto1%2BEJvM%3D&se=4102444800&skn=RootManageSharedAccessKey";

    private const string Secret = "bG9jYWw=";

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Check_OfATokenOfTheKey_GivesItsEntityAndEnd()
    {
        var claim = Key(Secret).Check(Token);
        Assert.Equal(new Claim("queue", new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero)), claim);
    }

    [Fact]
    public void Check_OfATokenThatEnded_IsRefused()
    {
        _time.SetUtcNow(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Contains("ended", Refused(Secret, Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other", "")]
    [InlineData(Secret, "skn=Root,skn=Other")]
    [InlineData(Secret, "queue,other")]
    [InlineData(Secret, "se=4102444800,se=4102444801")]
    public void Check_OfATokenThatTheKeyDidNotSign_IsRefused(string key, string change)
    {
        var token = change.Split(',') is [var from, var to] ? Token.Replace(from, to, StringComparison.Ordinal) : Token;
        Assert.Contains("signature", Refused(key, token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer x")]
    [InlineData("SharedAccessSignature ")]
    [InlineData("SharedAccessSignature sr=a&sig=b&se=c&skn=d")]
    [InlineData("SharedAccessSignature sr=a&sig=b&se=99999999999999999&skn=d")]
    public void Check_OfWhatIsNoToken_IsRefused(string token) => Assert.Contains("not valid", Refused(Secret, token), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "any", true)]
    [InlineData("queue", "queue", true)]
    [InlineData("queue", "QUEUE/$management", true)]
    [InlineData("queue", "queue2", false)]
    [InlineData("queue/$management", "queue", false)]
    public void Covers_AnEntity_IfItIsTheOneOrBelowIt(string path, string entity, bool covers)
        => Assert.Equal(covers, new Claim(path, DateTimeOffset.MaxValue).Covers(entity, _time.GetUtcNow()));

    [Theory]
    [InlineData("sb://localhost:5672/queue", "queue")]
    [InlineData("amqps://host/queue/$management/", "queue/$management")]
    [InlineData("sb://localhost", "")]
    [InlineData("/queue", "queue")]
    [InlineData("queue", "queue")]
    public void PathOf_AnAddress_IsWhatComesAfterTheHost(string address, string path) => Assert.Equal(path, Claim.PathOf(address));

    private SharedAccessKey Key(string secret) => new(TestEndpoint.KeyName, secret, _time);

    private string Refused(string secret, string token)
    {
        var refusal = Assert.Throws<AmqpRefusal>(() => Key(secret).Check(token));
        Assert.Equal(AmqpConditions.UnauthorizedAccess, refusal.Condition);
        return refusal.Message;
    }
}
