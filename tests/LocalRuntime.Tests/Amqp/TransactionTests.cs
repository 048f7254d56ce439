using Amqp;
using Amqp.Framing;
using Amqp.Transactions;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Broker;
using Transfer = Amqp.Framing.Transfer;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

public sealed class TransactionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transaction_OverASettlementAndASend_DoesBothOrNeither(bool commits)
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        var queue = endpoint.Broker.Find("q");
        await queue.SendAsync([new SentMessage { MessageId = "in" }]);
        using var client = await RawClient.OpenAsync(endpoint);
        var id = await DeclareAsync(client);
        await client.SendAsync(new Attach { LinkName = "s", Handle = 1, Role = false, Source = new Source(), Target = new Target { Address = "q" } });
        await client.ReadAsync<Attach>();
        await client.ReadAsync<Flow>();
        await client.SendAsync(new Attach { LinkName = "r", Handle = 2, Role = true, Source = new Source { Address = "q" }, Target = new Target() });
        await client.ReadAsync<Attach>();
        await client.SendAsync(new Flow
        {
            NextIncomingId = 0,
            IncomingWindow = 9,
            NextOutgoingId = 1,
            OutgoingWindow = 9,
            Handle = 2,
            DeliveryCount = 0,
            LinkCredit = 1,
        });
        var delivery = await client.ReadAsync<Transfer>();

        await client.SendAsync(new Dispose
        {
            Role = true,
            First = delivery.DeliveryId,
            Settled = false,
            State = new TransactionalState { TxnId = id, Outcome = new Accepted() },
        });
        Assert.IsType<Accepted>(Assert.IsType<TransactionalState>((await client.ReadAsync<Dispose>()).State).Outcome);
        await client.SendAsync(
            new Transfer { Handle = 1, DeliveryId = 1, DeliveryTag = [1], State = new TransactionalState { TxnId = id } },
            Bytes(new Message { Properties = new Properties { MessageId = "out" } }));
        Assert.IsType<Accepted>(Assert.IsType<TransactionalState>((await client.ReadAsync<Dispose>()).State).Outcome);
        Assert.Equal(["in"], await IdsAsync(queue));
        await client.SendAsync(
            new Transfer { Handle = 0, DeliveryId = 2, DeliveryTag = [2] },
            Bytes(new Message { BodySection = new AmqpValue { Value = new Discharge { TxnId = id, Fail = !commits } } }));
        Assert.IsType<Accepted>((await client.ReadAsync<Dispose>()).State);

        Assert.Equal([commits ? "out" : "in"], await IdsAsync(queue));
    }

    [Fact]
    public async Task Connection_ThatIsClosed_RollsBackItsTransactions()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.OpenAsync(endpoint);
        var id = await DeclareAsync(client);
        await client.SendAsync(new Attach { LinkName = "s", Handle = 1, Role = false, Source = new Source(), Target = new Target { Address = "q" } });
        await client.ReadAsync<Attach>();
        await client.ReadAsync<Flow>();
        await client.SendAsync(
            new Transfer { Handle = 1, DeliveryId = 1, DeliveryTag = [1], State = new TransactionalState { TxnId = id } },
            Bytes(new Message("x")));
        await client.ReadAsync<Dispose>();

        await client.SendAsync(new Close());
        await client.ReadAsync<Close>();

        Assert.Equal(0, endpoint.Broker.Find("q").Counts.Active);
    }

    [Fact]
    public async Task Discharge_OfAnUnknownTransaction_IsRejected()
    {
        await using var endpoint = await TestEndpoint.StartAsync();
        using var client = await RawClient.OpenAsync(endpoint);
        await DeclareAsync(client);

        await client.SendAsync(
            new Transfer { Handle = 0, DeliveryId = 1, DeliveryTag = [1] },
            Bytes(new Message { BodySection = new AmqpValue { Value = new Discharge { TxnId = [9], Fail = false } } }));

        var answer = await client.ReadAsync<Dispose>();
        Assert.Equal(AmqpConditions.TransactionUnknownId, Assert.IsType<Rejected>(answer.State).Error.Condition);
    }

    private static async Task<byte[]> DeclareAsync(RawClient client)
    {
        await client.SendAsync(new Attach { LinkName = "c", Handle = 0, Role = false, Source = new Source(), Target = new Coordinator() });
        await client.ReadAsync<Attach>();
        await client.ReadAsync<Flow>();
        await client.SendAsync(
            new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = [0] },
            Bytes(new Message { BodySection = new AmqpValue { Value = new Declare() } }));
        return Assert.IsType<Declared>((await client.ReadAsync<Dispose>()).State).TxnId;
    }

    private static byte[] Bytes(Message message)
    {
        var buffer = message.Encode();
        return buffer.Buffer[buffer.Offset..(buffer.Offset + buffer.Length)];
    }

    private static async Task<IEnumerable<string?>> IdsAsync(BrokerQueue queue)
        => (await queue.PeekAsync(default, 0, 10)).Select(message => message.Content.MessageId);
}
