using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Broker;
using Transfer = Amqp.Framing.Transfer;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class LinkTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Credit_OfALink_BoundsWhatItTakes()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await SendAsync(endpoint, 5);
        var session = await endpoint.BeginAsync();
        var first = new ReceiverLink(session, "first", "q");
        first.SetCredit(3, autoRestore: false);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(i, BodyOf(await first.ReceiveAsync(Soon)));
        }

        var second = new ReceiverLink(session, "second", "q");
        second.SetCredit(5, autoRestore: false);

        Assert.Equal(3, BodyOf(await second.ReceiveAsync(Soon)));
        Assert.Equal(4, BodyOf(await second.ReceiveAsync(Soon)));
    }

    [Fact]
    public async Task Flow_ThatIsRepeated_GivesNoCreditTwice()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await SendAsync(endpoint, 3);
        using var client = await RawClient.OpenAsync(endpoint);
        await AttachAsync(client);
        await client.SendAsync(Credit(1));
        await client.ReadAsync<Transfer>();

        await client.SendAsync(Credit(1));
        await client.SendAsync(Credit(1, isDrain: true));

        var drained = await client.ReadAsync<Flow>();
        Assert.Equal((1u, 0u, true), (drained.DeliveryCount, drained.LinkCredit, drained.Drain));
    }

    [Fact]
    public async Task Drain_SendsWhatIsThereAndTakesTheRestOfTheCredit()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await SendAsync(endpoint, 2);
        using var client = await RawClient.OpenAsync(endpoint);
        await AttachAsync(client);

        await client.SendAsync(Credit(5, isDrain: true));

        await client.ReadAsync<Transfer>();
        await client.ReadAsync<Transfer>();
        var drained = await client.ReadAsync<Flow>();
        Assert.Equal((5u, 0u, true), (drained.DeliveryCount, drained.LinkCredit, drained.Drain));
    }

    [Fact]
    public async Task Drain_OfAWaitInVain_IsAnswered()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.OpenAsync(endpoint);
        await AttachAsync(client);
        await client.SendAsync(Credit(5));

        await client.SendAsync(Credit(5, isDrain: true));

        Assert.Equal((5u, 0u), ((await client.ReadAsync<Flow>()) is var flow ? (flow.DeliveryCount, flow.LinkCredit) : default));
        await SendAsync(endpoint, 1);
        var other = new ReceiverLink(await endpoint.BeginAsync(), "r", "q");
        Assert.Equal(0, BodyOf(await other.ReceiveAsync(Soon)));
    }

    [Fact]
    public async Task Delivery_LargerThanAFrameAndTheWindow_ComesInPartsAsTheWindowOpens()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var body = new byte[2000];
        new Random(1).NextBytes(body);
        await endpoint.Broker.Find("q").SendAsync([new SentMessage { Body = body }]);
        using var client = await RawClient.OpenAsync(endpoint, maxFrameSize: 512, window: 2);
        await AttachAsync(client);
        await client.SendAsync(new Flow { NextIncomingId = 0, IncomingWindow = 2, NextOutgoingId = 0, OutgoingWindow = 1, Handle = 0, DeliveryCount = 0, LinkCredit = 1 });

        var message = new List<byte>();
        for (var frame = 0u; ; frame++)
        {
            if (frame is not 0 && frame % 2 == 0)
            {
                await client.SendAsync(new Flow { NextIncomingId = frame, IncomingWindow = 2, NextOutgoingId = 0, OutgoingWindow = 1 });
            }
            var (performative, payload) = await client.ReadFrameAsync();
            message.AddRange(payload);
            if (!Assert.IsType<Transfer>(performative).More)
            {
                break;
            }
        }

        var decoded = Message.Decode(new ByteBuffer([.. message], 0, message.Count, message.Count));
        Assert.Equal(body, ((Data)decoded.BodySection).Binary);
    }

    [Fact]
    public async Task Detach_WithMessagesThatCouldNotBeSent_GivesThemBackUncounted()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await SendAsync(endpoint, 3);
        using var client = await RawClient.OpenAsync(endpoint, window: 1);
        await AttachAsync(client);
        await client.SendAsync(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1, Handle = 0, DeliveryCount = 0, LinkCredit = 10 });
        await client.ReadAsync<Transfer>();

        await client.SendAsync(new Detach { Handle = 0, Closed = true });
        await client.ReadAsync<Detach>();

        var other = new ReceiverLink(await endpoint.BeginAsync(), "r", "q");
        var message = await other.ReceiveAsync(Soon);
        Assert.Equal((1, 0u), (BodyOf(message), message.Header.DeliveryCount));
    }

    [Fact]
    public async Task Send_OfTooMuch_IsRejectedAndTheLinkGoesOn()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var sender = new SenderLink(await endpoint.BeginAsync(), "s", "q");

        var refused = await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(new Message { BodySection = new Data { Binary = new byte[300_000] } }));
        await sender.SendAsync(new Message("small"));

        Assert.Equal(AmqpConditions.MessageSizeExceeded, refused.Error.Condition);
        Assert.Equal(1, endpoint.Broker.Find("q").Counts.Active);
    }

    [Fact]
    public async Task Send_OfABatch_EnqueuesAllOfItsMessages()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var sender = new SenderLink(await endpoint.BeginAsync(), "s", "q");
        var batch = Batch(Text("a").Encode(), Text("b").Encode());

        await sender.SendAsync(new Message { BodySection = batch, Format = 0x80013700 });

        var messages = await endpoint.Broker.Find("q").PeekAsync(default, 0, 10);
        Assert.Equal(["a", "b"], messages.Select(message => message.Content.MessageId));
    }

    [Fact]
    public async Task Send_OfABatchThatIsBroken_EnqueuesNothing()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var sender = new SenderLink(await endpoint.BeginAsync(), "s", "q");
        var batch = Batch(Text("a").Encode(), new ByteBuffer([1, 2, 3], 0, 3, 3));

        var refused = await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(new Message { BodySection = batch, Format = 0x80013700 }));

        Assert.Equal(AmqpConditions.DecodeError, refused.Error.Condition);
        Assert.Equal(0, endpoint.Broker.Find("q").Counts.Active);
    }

    [Theory]
    [InlineData("nowhere", AmqpConditions.NotFound)]
    [InlineData("nowhere/$management", AmqpConditions.NotFound)]
    [InlineData("q/$DeadLetterQueue", AmqpConditions.NotAllowed)]
    public async Task Attach_ToWhereNothingCanBeSent_IsRefused(string address, string condition)
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var sender = new SenderLink(await endpoint.BeginAsync(), "s", address);

        var refused = await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(new Message("x")));

        Assert.Equal(condition, refused.Error.Condition);
    }

    [Fact]
    public async Task Settle_OfALostLock_IsRejected()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await SendAsync(endpoint, 1);
        using var client = await RawClient.OpenAsync(endpoint);
        await AttachAsync(client);
        await client.SendAsync(Credit(1));
        var delivery = await client.ReadAsync<Transfer>();
        endpoint.Time.Advance(TimeSpan.FromMinutes(1));

        await client.SendAsync(new Dispose { Role = true, First = delivery.DeliveryId, Settled = false, State = new Accepted() });

        var answer = await client.ReadAsync<Dispose>();
        Assert.True(answer.Settled);
        Assert.Equal(AmqpConditions.MessageLockLost, Assert.IsType<Rejected>(answer.State).Error.Condition);
    }

    [Fact]
    public async Task Settle_OfARange_SettlesEachAndEchoesTheOutcome()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        await SendAsync(endpoint, 3);
        using var client = await RawClient.OpenAsync(endpoint);
        await AttachAsync(client);
        await client.SendAsync(Credit(3));
        for (var i = 0; i < 3; i++)
        {
            await client.ReadAsync<Transfer>();
        }

        await client.SendAsync(new Dispose
        {
            Role = true,
            First = 0,
            Last = uint.MaxValue,
            Settled = false,
            State = new Rejected { Error = new Error("com.microsoft:dead-letter") { Info = new Fields { [new Symbol("DeadLetterReason")] = "why" } } },
        });

        for (var id = 0u; id < 3; id++)
        {
            var answer = await client.ReadAsync<Dispose>();
            Assert.Equal((id, true), (answer.First, answer.Settled));
            Assert.Null(Assert.IsType<Rejected>(answer.State).Error);
        }
        var dead = await endpoint.Broker.Find("q").PeekAsync(new ReceiveSource(SubQueue.DeadLetter, null), 0, 10);
        Assert.Equal(["why", "why", "why"], dead.Select(message => message.Content.Properties["DeadLetterReason"]));
    }

    [Fact]
    public async Task Stop_OfTheEndpoint_SaysGoodbye()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.OpenAsync(endpoint);

        var stopping = endpoint.StopAsync();

        Assert.Equal(AmqpConditions.ConnectionForced, (await client.ReadAsync<Close>()).Error.Condition);
        await client.SendAsync(new Close());
        await stopping.WaitAsync(Soon, TestContext.Current.CancellationToken);
    }

    private static DataList Batch(params ReadOnlySpan<ByteBuffer> parts)
    {
        var batch = new DataList();
        foreach (var part in parts)
        {
            batch.Add(new Data { Buffer = part });
        }
        return batch;
    }

    private static Message Text(string id) => new() { Properties = new Properties { MessageId = id }, BodySection = new Data { Binary = [1] } };

    private static int BodyOf(Message message) => ((Data)message.BodySection).Binary[0];

    private static Flow Credit(uint credit, bool isDrain = false) => new()
    {
        NextIncomingId = 0,
        IncomingWindow = 1000,
        NextOutgoingId = 0,
        OutgoingWindow = 1000,
        Handle = 0,
        DeliveryCount = 0,
        LinkCredit = credit,
        Drain = isDrain,
    };

    /// <summary>Attaches a receiver to the queue.</summary>
    private static async Task AttachAsync(RawClient client)
    {
        await client.SendAsync(new Attach
        {
            LinkName = "l",
            Handle = 0,
            Role = true,
            RcvSettleMode = ReceiverSettleMode.Second,
            Source = new Source { Address = "q" },
            Target = new Target(),
        });
        Assert.Equal((ulong)AmqpLimits.MaxDeliveryBytes, (await client.ReadAsync<Attach>()).MaxMessageSize);
    }

    /// <summary>Enqueues messages with the bodies 0, 1, 2, ...</summary>
    private static async Task SendAsync(TestEndpoint endpoint, int count)
        => await endpoint.Broker.Find("q").SendAsync([.. Enumerable.Range(0, count).Select(i => new SentMessage { Body = new[] { (byte)i } })]);
}
