using System.Text;
using Amqp;
using Amqp.Framing;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Broker;
using Transfer = Amqp.Framing.Transfer;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class HostileClientTests
{
    [Theory]
    [InlineData("GARBAGE AND MORE OF IT\r\n\r\n")]
    [InlineData("AMQP\u0002\u0001\u0000\u0000")]
    [InlineData("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007")]
    public async Task Connect_WithAnotherProtocol_IsAnsweredWithOursAndClosed(string bytes)
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.ConnectAsync(endpoint);

        await client.WriteAsync(Encoding.Latin1.GetBytes(bytes));

        // What begins as HTTP is answered in HTTP.
        Assert.Equal(bytes[0] == 'G' ? "HTTP" : "AMQP", Encoding.ASCII.GetString(await client.ReadBytesAsync(4)));
        await client.AssertClosedAsync();
        await AssertServesAsync(endpoint);
    }

    [Theory]
    [InlineData("ff ff ff ff 02 00 00 00")]
    [InlineData("00 00 00 04 02 00 00 00")]
    [InlineData("00 00 00 08 01 00 00 00")]
    [InlineData("00 00 00 08 02 09 00 00")]
    public async Task Frame_ThatIsNone_EndsTheConnectionWithAFramingError(string hex)
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.OpenAsync(endpoint);

        await client.WriteAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(AmqpConditions.FramingError, (await client.ReadAsync<Close>()).Error.Condition);
        await client.AssertClosedAsync();
        await AssertServesAsync(endpoint);
    }

    [Theory]
    [InlineData("00 53 12 f0 00 00 00 05 7f ff ff ff 45")]
    [InlineData("00 53 12 a1 01 78")]
    [InlineData("00 53 12 c0 03 02 41 41")]
    [InlineData("41")]
    public async Task Performative_ThatCannotBeDecoded_EndsTheConnectionWithADecodeError(string hex)
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.OpenAsync(endpoint);

        await client.FrameAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(AmqpConditions.DecodeError, (await client.ReadAsync<Close>()).Error.Condition);
        await client.AssertClosedAsync();
        await AssertServesAsync(endpoint);
    }

    [Fact]
    public async Task Client_ThatSaysNothing_IsCutOff()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var greeting = await RawClient.ConnectAsync(endpoint);
        await greeting.WriteAsync(RawClient.Header[..4]);
        using var open = await RawClient.OpenAsync(endpoint);

        // Not before its time, and then also if the clock jumps.
        endpoint.Time.Advance(AmqpLimits.OpenTimeout + AmqpLimits.TickInterval);
        await open.SendAsync(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1, Echo = true });
        await open.ReadAsync<Flow>();
        endpoint.Time.Advance(AmqpLimits.MaxSilence + AmqpLimits.TickInterval);

        await greeting.AssertClosedAsync();
        await open.AssertClosedAsync();
    }

    [Fact]
    public async Task Client_ThatDoesNotRead_HoldsABoundedPartOfTheQueue()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var queue = endpoint.Broker.Find("q");
        var body = new byte[100_000];
        for (var i = 0; i < 200; i++)
        {
            await queue.SendAsync([new SentMessage { Body = body }]);
        }
        using var lazy = await RawClient.OpenAsync(endpoint, window: 1_000_000);
        await lazy.SendAsync(new Attach { LinkName = "l", Handle = 0, Role = true, Source = new Source { Address = "q" }, Target = new Target() });
        await lazy.ReadAsync<Attach>();
        await lazy.SendAsync(new Flow
        {
            NextIncomingId = 0,
            IncomingWindow = 1_000_000,
            NextOutgoingId = 0,
            OutgoingWindow = 1,
            Handle = 0,
            DeliveryCount = 0,
            LinkCredit = 1000,
        });
        await lazy.ReadAsync<Transfer>();

        // What the system's own buffers take is not the endpoint's; the rest of 20 MB is there for others.
        var other = new ReceiverLink(await endpoint.BeginAsync(), "r", "q");
        other.SetCredit(200, autoRestore: false);
        for (var i = 0; i < 100; i++)
        {
            Assert.NotNull(await other.ReceiveAsync(TimeSpan.FromSeconds(60)));
        }
    }

    private static async Task AssertServesAsync(TestEndpoint endpoint)
    {
        var session = await endpoint.BeginAsync();
        await new SenderLink(session, "s", "q").SendAsync(new Message("x"));
        Assert.Equal(1, endpoint.Broker.Find("q").Counts.Active);
    }
}
