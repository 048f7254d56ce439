using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Amqp;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Tests.Store;

namespace ModelJobs.LocalRuntime.Tests.Amqp;

/// <summary>Messages as clients of AMQP write them, and as they get them back.</summary>
public sealed class MessageTests
{
    public static TheoryData<object?> CarriedValues =>
    [
        new TheoryDataRow<object?>(null), "text", true, 'c', (byte)1, (sbyte)-1, (short)-2, (ushort)2, -3, 3u, -4L, 4UL, 1.5f, -2.5, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), -79228162514264337593543950335m, 0.0000000000000000000000000001m, -1234.5678m,
        new Uri("http://host/path"), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), TimeSpan.FromSeconds(-7),
    ];

    [Theory]
    [MemberData(nameof(CarriedValues))]
    public void Property_OfATypeThatServiceBusCarries_ComesBackAsItWas(object? value)
        => Assert.Equal(value, RoundTrip(new SentMessage { Properties = new Dictionary<string, object> { ["p"] = value! } }).Properties["p"]);

    [Fact]
    public void Property_OfAnotherType_IsRefused()
    {
        var message = new Message { ApplicationProperties = new ApplicationProperties { Map = { ["list"] = new List { 1 } } } };
        var refusal = Assert.Throws<AmqpRefusal>(() => Read(message));
        Assert.Equal(AmqpConditions.NotAllowed, refusal.Condition);
        Assert.Contains("'list'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_WithEverything_ComesBackAsItWas()
    {
        var sent = new SentMessage
        {
            Body = new byte[] { 1, 2, 3 },
            MessageId = "id",
            SessionId = "session",
            PartitionKey = "session",
            TransactionPartitionKey = "via",
            CorrelationId = "correlation",
            Subject = "subject",
            To = "to",
            ReplyTo = "reply",
            ReplyToSessionId = "reply-session",
            ContentType = "type",
            TimeToLive = TimeSpan.FromMinutes(5),
            ScheduledEnqueueTime = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero),
            Properties = new Dictionary<string, object> { ["p"] = 1 },
        };
        var read = RoundTrip(sent);
        Assert.Equal(sent.Body.ToArray(), read.Body.ToArray());
        Assert.Equal(sent.Properties, read.Properties);
        Assert.Equal(
            (sent with { Body = default, Properties = SentMessage.NoProperties }).WithWireBytes(0),
            (read with { Body = default, Properties = SentMessage.NoProperties }).WithWireBytes(0),
            (one, other) => one.ToString() == other.ToString());
    }

    [Fact]
    public void Body_InSeveralParts_IsTheWholeOfThem()
    {
        var parts = new DataList();
        parts.Add(new Data { Binary = [1] });
        parts.Add(new Data { Binary = [2, 3] });
        var message = new Message { BodySection = parts };
        Assert.Equal([1, 2, 3], Read(message).Body.ToArray());
    }

    [Fact]
    public void Body_ThatIsAValueOrSequence_ComesBackAsItWas()
    {
        var value = Back(new Message { BodySection = new AmqpValue { Value = new Map { ["k"] = 1 } } });
        Assert.Equal(1, ((Map)((AmqpValue)value.BodySection).Value)["k"]);
        var sequence = Back(new Message { BodySection = new AmqpSequence { List = new object[] { 1, "two" } } });
        Assert.Equal([1, "two"], ((AmqpSequence)sequence.BodySection).List.Cast<object>());
    }

    [Fact]
    public void Body_ThatIsNotData_IsNotMistakenForBytesByTheClientInThisProcess()
    {
        var message = new ServiceBusReceivedMessage(new Delivery { Content = Read(new Message("a value")), SequenceNumber = 1 });
        Assert.Throws<NotSupportedException>(() => message.Body);
    }

    [Fact]
    public void Extras_OfAMessage_ComeBackAsTheyWere()
    {
        var back = Back(Extraordinary());
        Assert.Equal(((byte)7, "gzip", 3u), (back.Header.Priority, back.Properties.ContentEncoding.ToString(), back.Properties.GroupSequence));
        Assert.Equal([1, 2], back.Properties.UserId);
        Assert.Equal("mine", back.MessageAnnotations[new Symbol("x-opt-mine")]);
    }

    [Fact]
    public async Task Extras_OfAMessage_SurviveARestart()
    {
        var definition = new QueueDefinition { Name = "q" };
        using var folder = new StateFolder();
        using (var queue = new BrokerQueue(definition, TimeProvider.System, new Random(1), folder.Store.JournalOf(definition)))
        {
            await queue.SendAsync([Read(Extraordinary()), Read(new Message("a value"))]);
        }
        using var again = new BrokerQueue(definition, TimeProvider.System, new Random(1), folder.Reopen().JournalOf(definition));
        var messages = await again.PeekAsync(default, 0, 2);
        Assert.Equal(Read(Extraordinary()).Extras, messages[0].Content.Extras);
        Assert.Equal("a value", Assert.IsType<AmqpValue>(Encoded(messages[1]).BodySection).Value);
    }

    [Fact]
    public void MessageId_OfAnyKind_IsAText()
    {
        var id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        Assert.Equal(id.ToString(), Read(WithId(id)).MessageId);
        Assert.Equal("18446744073709551615", Read(WithId(ulong.MaxValue)).MessageId);
        Assert.Equal("AQI=", Read(WithId(new byte[] { 1, 2 })).MessageId);
        Assert.Equal(AmqpConditions.ArgumentError, Assert.Throws<AmqpRefusal>(() => Read(WithId(new string('x', 129)))).Condition);
    }

    private static Message WithId(object id)
    {
        var message = new Message { Properties = new Properties() };
        message.Properties.SetMessageId(id);
        return message;
    }

    private static Message Extraordinary() => new()
    {
        Header = new Header { Priority = 7 },
        Properties = new Properties { ContentEncoding = "gzip", UserId = [1, 2], GroupSequence = 3 },
        MessageAnnotations = new MessageAnnotations { Map = { [new Symbol("x-opt-mine")] = "mine", [new Symbol("x-opt-sequence-number")] = 5L } },
    };

    private static SentMessage Read(Message message)
    {
        var buffer = message.Encode();
        return MessageReader.Read(new ArraySegment<byte>(buffer.Buffer, buffer.Offset, buffer.Length));
    }

    /// <summary>The message as it is delivered.</summary>
    private static Message Back(Message message) => Encoded(new Delivery { Content = Read(message), SequenceNumber = 1, DeliveryCount = 1 });

    private static Message Encoded(Delivery delivery)
    {
        var bytes = MessageWriter.Write(delivery, new ByteBuffer(64, autoGrow: true)).ToArray();
        return Message.Decode(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
    }

    private static SentMessage RoundTrip(SentMessage message)
    {
        var delivery = new Delivery
        {
            Content = message,
            SequenceNumber = 1,
            DeliveryCount = 1,
            EnqueuedTime = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            TimeToLive = message.TimeToLive,
        };
        return MessageReader.Read(MessageWriter.Write(delivery, new ByteBuffer(64, autoGrow: true)).ToArray());
    }
}
