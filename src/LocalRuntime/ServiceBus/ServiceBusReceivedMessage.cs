using System.Globalization;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>A received or peeked message.</summary>
public class ServiceBusReceivedMessage
{
    private BinaryData? _body;

    internal ServiceBusReceivedMessage(Delivery delivery)
    {
        Delivery = delivery;
        LockedUntil = delivery.LockedUntil;
    }

    /// <summary>What the broker handed out.</summary>
    internal Delivery Delivery { get; }

    /// <exception cref="NotSupportedException">The body is an AMQP value or sequence, which a client of AMQP sent.</exception>
    public BinaryData Body => !Delivery.Content.IsForeign
        ? _body ??= BinaryData.FromBytes(Delivery.Content.Body)
        : throw new NotSupportedException("The body of the message is an AMQP value or sequence, not data. Let its sender send bytes.");

    public string MessageId => Delivery.Content.MessageId!;

    public string? PartitionKey => Delivery.Content.PartitionKey;

    public string? TransactionPartitionKey => Delivery.Content.TransactionPartitionKey;

    public string? SessionId => Delivery.Content.SessionId;

    public string? ReplyToSessionId => Delivery.Content.ReplyToSessionId;

    public TimeSpan TimeToLive => Delivery.TimeToLive;

    public string? CorrelationId => Delivery.Content.CorrelationId;

    public string? Subject => Delivery.Content.Subject;

    public string? To => Delivery.Content.To;

    public string? ContentType => Delivery.Content.ContentType;

    public string? ReplyTo => Delivery.Content.ReplyTo;

    public DateTimeOffset ScheduledEnqueueTime => Delivery.Content.ScheduledEnqueueTime;

    public IReadOnlyDictionary<string, object> ApplicationProperties => Delivery.Content.Properties;

    public string LockToken => Delivery.LockToken.ToString();

    public int DeliveryCount => Delivery.DeliveryCount;

    /// <summary>When the lock ends; renewing the lock through the receiver moves it.</summary>
    public DateTimeOffset LockedUntil { get; internal set; }

    public long SequenceNumber => Delivery.SequenceNumber;

    public long EnqueuedSequenceNumber => Delivery.EnqueuedSequenceNumber;

    public DateTimeOffset EnqueuedTime => Delivery.EnqueuedTime;

    public DateTimeOffset ExpiresAt => TimeToLive >= DateTimeOffset.MaxValue - EnqueuedTime
        ? DateTimeOffset.MaxValue
        : EnqueuedTime + TimeToLive;

    public string? DeadLetterSource => Delivery.DeadLetterSource;

    public string? DeadLetterReason => Property(DeadLetterProperties.Reason);

    public string? DeadLetterErrorDescription => Property(DeadLetterProperties.ErrorDescription);

    public ServiceBusMessageState State => Delivery.State;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{{MessageId:{MessageId}}}");

    private string? Property(string name) => ApplicationProperties.TryGetValue(name, out var value) ? value as string : null;
}
