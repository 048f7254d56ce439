using Amqp;
using Amqp.Framing;
using ModelJobs.LocalRuntime.Amqp;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class SecurityTests
{
    [Fact]
    public async Task PutToken_ThatTheKeySigned_LetsTheConnectionSend()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var session = new Session(await endpoint.ConnectAnonymouslyAsync());

        Assert.Equal(202, await TestEndpoint.PutTokenAsync(session, endpoint.Token("sb://localhost/q", TimeSpan.FromHours(1))));

        await new SenderLink(session, "s", "q").SendAsync(new Message("x"));
        Assert.Equal(1, endpoint.Broker.Find("q").Counts.Active);
    }

    [Fact]
    public async Task PutToken_OfAnotherKeyOrTimeOrKind_IsAnsweredWith401()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var session = new Session(await endpoint.ConnectAnonymouslyAsync());
        var valid = endpoint.Token("sb://localhost/q", TimeSpan.FromHours(1));

        Assert.Equal(401, await TestEndpoint.PutTokenAsync(session, endpoint.Token("sb://localhost/q", TimeSpan.FromHours(1), "another key")));
        Assert.Equal(401, await TestEndpoint.PutTokenAsync(session, endpoint.Token("sb://localhost/q", TimeSpan.FromSeconds(-1))));
        Assert.Equal(401, await TestEndpoint.PutTokenAsync(session, valid, type: "jwt"));
        await RefusedAsync(session, "q");
    }

    [Fact]
    public async Task Attach_WithoutATokenForTheQueue_IsRefused()
    {
        await using var endpoint = await TestEndpoint.StartAsync(new() { Name = "q" }, new() { Name = "q2" });
        var session = new Session(await endpoint.ConnectAnonymouslyAsync());
        await RefusedAsync(session, "q");

        await TestEndpoint.PutTokenAsync(session, endpoint.Token("sb://localhost/q", TimeSpan.FromHours(1)));

        await RefusedAsync(session, "q2");
        await RefusedAsync(session, "q2/$management");
        await RefusedAsync(session, "q2/$DeadLetterQueue");
    }

    [Fact]
    public async Task Connect_WithAWrongPassword_IsRefused()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await Assert.ThrowsAsync<AmqpException>(
            () => Connection.Factory.CreateAsync(new Address($"amqp://{TestEndpoint.KeyName}:wrong@localhost:{endpoint.Port}")));
    }

    [Fact]
    public async Task Token_ThatEndsWhileALinkIsOpen_EndsTheLink()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var session = new Session(await endpoint.ConnectAnonymouslyAsync());
        await TestEndpoint.PutTokenAsync(session, endpoint.Token("sb://localhost/q", TimeSpan.FromMinutes(1)));
        var sender = new SenderLink(session, "s", "q");
        await sender.SendAsync(new Message("x"));
        var closed = new TaskCompletionSource<Error>();
        sender.Closed += (_, error) => closed.TrySetResult(error);

        endpoint.Time.Advance(TimeSpan.FromMinutes(1) + AmqpLimits.TickInterval);

        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await closed.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)).Condition);
    }

    /// <summary>Asserts that a client without a token for it cannot send to an address.</summary>
    private static async Task RefusedAsync(Session session, string address)
    {
        var refused = await Assert.ThrowsAsync<AmqpException>(
            () => new SenderLink(session, $"to-{address}", address).SendAsync(new Message("x")));
        Assert.Equal(AmqpConditions.UnauthorizedAccess, refused.Error.Condition);
    }
}
