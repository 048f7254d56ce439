using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Broker;
using Transfer = Amqp.Framing.Transfer;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class SessionLinkTests
{
    private static readonly Symbol Filter = new("com.microsoft:session-filter");
    private static readonly QueueDefinition Queue = new() { Name = "q", RequiresSession = true };

    [Fact]
    public async Task Attach_ForTheNextSession_NamesTheSessionAndItsLock()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        await SendAsync(endpoint, "s");
        using var client = await RawClient.OpenAsync(endpoint);

        await client.SendAsync(AttachFor(null));

        var attached = await client.ReadAsync<Attach>();
        Assert.Equal("s", ((Source)attached.Source).FilterSet[Filter]);
        Assert.Equal(
            endpoint.Time.GetUtcNow().Add(Queue.LockDuration).UtcTicks, attached.Properties[new Symbol("com.microsoft:locked-until-utc")]);
    }

    [Fact]
    public async Task Attach_WhenNoSessionComes_IsRefusedOnceTheClientsTimeIsOver()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        using var client = await RawClient.OpenAsync(endpoint);
        await client.SendAsync(AttachFor(null, timeout: 5000));
        await client.SendAsync(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1, Echo = true });
        await client.ReadAsync<Flow>();

        endpoint.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Null((await client.ReadAsync<Attach>()).Source);
        Assert.Equal(AmqpConditions.Timeout, (await client.ReadAsync<Detach>()).Error.Condition);
        await SendAsync(endpoint, "s");
        Assert.Equal("s", (await endpoint.Broker.Find("q").AcceptSessionAsync("s")).SessionId);
    }

    [Fact]
    public async Task Attach_OfAClientThatDoesNotSayHowLongItWaits_IsRefusedAfterTheEndpointsWait()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        using var client = await RawClient.OpenAsync(endpoint);
        await client.SendAsync(AttachFor(null));
        await client.SendAsync(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1, Echo = true });
        await client.ReadAsync<Flow>();

        endpoint.Time.Advance(TestEndpoint.SessionWait);

        Assert.Null((await client.ReadAsync<Attach>()).Source);
        Assert.Equal(AmqpConditions.Timeout, (await client.ReadAsync<Detach>()).Error.Condition);
    }

    [Fact]
    public async Task Detach_WhileNoSessionCame_LeavesTheNextOneToOthers()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        using var client = await RawClient.OpenAsync(endpoint);
        await client.SendAsync(AttachFor(null));
        await client.SendAsync(new Detach { Handle = 0, Closed = true });
        await client.ReadAsync<Detach>();

        await SendAsync(endpoint, "s");

        Assert.Equal("s", (await endpoint.Broker.Find("q").AcceptSessionAsync("s")).SessionId);
    }

    [Fact]
    public async Task Detach_OfALinkWithASession_LetsGoOfIt()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        using var client = await RawClient.OpenAsync(endpoint);
        await client.SendAsync(AttachFor("s"));
        await client.ReadAsync<Attach>();

        await client.SendAsync(new Detach { Handle = 0, Closed = true });
        await client.ReadAsync<Detach>();

        Assert.Equal("s", (await endpoint.Broker.Find("q").AcceptSessionAsync("s")).SessionId);
    }

    [Fact]
    public async Task Connection_ThatIsLost_LeavesItsSessionToTheLock()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        await SendAsync(endpoint, "s");
        var queue = endpoint.Broker.Find("q");
        using (var client = await RawClient.OpenAsync(endpoint))
        {
            await client.SendAsync(AttachFor("s"));
            await client.ReadAsync<Attach>();
            await client.SendAsync(new Flow { NextIncomingId = 0, IncomingWindow = 9, NextOutgoingId = 0, OutgoingWindow = 9, Handle = 0, DeliveryCount = 0, LinkCredit = 9 });
            await client.ReadAsync<Transfer>();
        }

        // The endpoint notices before this is answered, or does not: the session is held either way.
        await (await endpoint.ConnectAsync()).CloseAsync();
        await Assert.ThrowsAsync<ServiceBusException>(() => queue.AcceptSessionAsync("s").AsTask());
        endpoint.Time.Advance(Queue.LockDuration);

        var lease = await queue.AcceptSessionAsync("s");
        var messages = await queue.ReceiveAsync(
            new(new(default, lease), default, 1), TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Equal(2, Assert.Single(messages).DeliveryCount);
    }

    [Fact]
    public async Task Attach_ToATakenSessionOrWithoutAFilter_IsRefused()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        await endpoint.Broker.Find("q").AcceptSessionAsync("s");
        using var client = await RawClient.OpenAsync(endpoint);

        await client.SendAsync(AttachFor("s"));
        await client.ReadAsync<Attach>();
        Assert.Equal(AmqpConditions.SessionCannotBeLocked, (await client.ReadAsync<Detach>()).Error.Condition);
        await client.SendAsync(new Detach { Handle = 0, Closed = true });

        await client.SendAsync(new Attach { LinkName = "l", Handle = 0, Role = true, Source = new Source { Address = "q" }, Target = new Target() });
        await client.ReadAsync<Attach>();
        Assert.Equal(AmqpConditions.NotAllowed, (await client.ReadAsync<Detach>()).Error.Condition);
    }

    [Fact]
    public async Task Management_OfASession_IsForTheConnectionThatHoldsIt()
    {
        await using var endpoint = await TestEndpoint.StartAsync(Queue);
        await endpoint.Broker.Find("q").AcceptSessionAsync("s");

        var answer = await TestEndpoint.RequestAsync(await endpoint.BeginAsync(), "q/$management", new Message
        {
            BodySection = new AmqpValue { Value = new Map { ["session-id"] = "s" } },
            ApplicationProperties = new ApplicationProperties { Map = { ["operation"] = "com.microsoft:renew-session-lock" } },
        });

        Assert.Equal(410, answer.ApplicationProperties["statusCode"]);
        Assert.Equal(new Symbol(AmqpConditions.SessionLockLost), answer.ApplicationProperties["errorCondition"]);
    }

    private static Attach AttachFor(string? session, uint? timeout = null)
    {
        var attach = new Attach
        {
            LinkName = "l",
            Handle = 0,
            Role = true,
            Source = new Source { Address = "q", FilterSet = new Map { [Filter] = session } },
            Target = new Target(),
        };
        if (timeout is { } milliseconds)
        {
            attach.Properties = new Fields { [new Symbol("com.microsoft:timeout")] = milliseconds };
        }
        return attach;
    }

    private static async Task SendAsync(TestEndpoint endpoint, string session)
        => await endpoint.Broker.Find("q").SendAsync([new SentMessage { SessionId = session }]);
}
