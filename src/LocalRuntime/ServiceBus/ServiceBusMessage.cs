using System.Globalization;
using System.Runtime.Serialization;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>A message to send.</summary>
public class ServiceBusMessage
{
    private Dictionary<string, object>? _properties;

    public ServiceBusMessage()
        : this(default(ReadOnlyMemory<byte>))
    {
    }

    public ServiceBusMessage(string body)
        : this(new BinaryData(body))
    {
    }

    public ServiceBusMessage(ReadOnlyMemory<byte> body)
        : this(BinaryData.FromBytes(body))
    {
    }

    public ServiceBusMessage(BinaryData body) => Body = body;

    /// <summary>A copy to send again: what the sender wrote, without what the broker added to it.</summary>
    public ServiceBusMessage(ServiceBusReceivedMessage receivedMessage)
    {
        ArgumentNullException.ThrowIfNull(receivedMessage);
        var content = receivedMessage.Delivery.Content;
        Body = receivedMessage.Body;
        MessageId = content.MessageId;
        SessionId = content.SessionId;
        PartitionKey = content.PartitionKey;
        TransactionPartitionKey = content.TransactionPartitionKey;
        CorrelationId = content.CorrelationId;
        Subject = content.Subject;
        To = content.To;
        ReplyTo = content.ReplyTo;
        ReplyToSessionId = content.ReplyToSessionId;
        ContentType = content.ContentType;
        TimeToLive = receivedMessage.TimeToLive;
        ScheduledEnqueueTime = content.ScheduledEnqueueTime;
        foreach (var (name, value) in content.Properties)
        {
            if (name is not (DeadLetterProperties.Reason or DeadLetterProperties.ErrorDescription))
            {
                ApplicationProperties[name] = value;
            }
        }
    }

    public BinaryData Body { get; set; }

    /// <summary>Identifies the message to duplicate detection: 1 to 128 characters.</summary>
    public string? MessageId
    {
        get;
        set
        {
            if (value is not null and (not { Length: > 0 } or { Length: > BrokerLimits.MaxIdLength }))
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture, $"A MessageId has 1 to {BrokerLimits.MaxIdLength} characters."), nameof(value));
            }
            field = value;
        }
    }

    public string? SessionId { get; set => field = ValidId(value, nameof(SessionId)); }

    public string? ReplyToSessionId { get; set => field = ValidId(value, nameof(ReplyToSessionId)); }

    public string? PartitionKey { get; set => field = ValidId(value, nameof(PartitionKey)); }

    public string? TransactionPartitionKey { get; set => field = ValidId(value, nameof(TransactionPartitionKey)); }

    public TimeSpan TimeToLive
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.MaxValue;

    public string? CorrelationId { get; set; }

    public string? Subject { get; set; }

    public string? To { get; set; }

    public string? ContentType { get; set; }

    public string? ReplyTo { get; set; }

    public DateTimeOffset ScheduledEnqueueTime { get; set; }

    // Most messages have none: the dictionary is made when it is asked for.
    public IDictionary<string, object> ApplicationProperties => _properties ??= [];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{{MessageId:{MessageId}}}");

    /// <summary>
    /// What travels: a copy, so that changes of this message or of its body's memory after sending change nothing in the queue.
    /// </summary>
    /// <exception cref="SerializationException">An application property is of a type that Service Bus does not carry.</exception>
    internal SentMessage ToContent() => new()
    {
        Body = Body.ToMemory().ToArray(),
        MessageId = MessageId,
        SessionId = SessionId,
        PartitionKey = PartitionKey,
        TransactionPartitionKey = TransactionPartitionKey,
        CorrelationId = CorrelationId,
        Subject = Subject,
        To = To,
        ReplyTo = ReplyTo,
        ReplyToSessionId = ReplyToSessionId,
        ContentType = ContentType,
        TimeToLive = TimeToLive,
        ScheduledEnqueueTime = ScheduledEnqueueTime,
        Properties = ApplicationPropertyTypes.Copy(_properties),
    };

    private static string? ValidId(string? value, string name) => value is not { Length: > BrokerLimits.MaxIdLength }
        ? value
        : throw new ArgumentOutOfRangeException(name, value, string.Create(
            CultureInfo.InvariantCulture, $"{name} is longer than {BrokerLimits.MaxIdLength} characters."));
}
