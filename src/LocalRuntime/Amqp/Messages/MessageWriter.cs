using System.Buffers.Binary;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Amqp.Wire;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>Encodes messages as the service does.</summary>
internal static class MessageWriter
{
    /// <summary>Encodes a delivery.</summary>
    /// <param name="delivery">The message.</param>
    /// <param name="buffer">Where to; it is emptied first, and what is returned is in it.</param>
    /// <param name="isPeeked">Whether the message is only shown: its count of deliveries does not count this one.</param>
    /// <param name="withLockToken">Whether the lock token is in the message too: where there is no delivery tag for it.</param>
    public static ReadOnlySpan<byte> Write(Delivery delivery, ByteBuffer buffer, bool isPeeked = false, bool withLockToken = false)
    {
        var content = delivery.Content;
        var header = HeaderOf(delivery, isPeeked);
        var annotations = AnnotationsOf(delivery);
        var properties = PropertiesOf(delivery);
        AmqpExtras.Write(content.Extras, header, properties, annotations.Map);

        buffer.Reset();
        header.Encode(buffer);
        if (withLockToken && delivery.LockToken != Guid.Empty)
        {
            var lockToken = new DeliveryAnnotations();
            lockToken.Map[AnnotationNames.LockToken] = delivery.LockToken;
            lockToken.Encode(buffer);
        }
        annotations.Encode(buffer);
        properties.Encode(buffer);
        if (content.Properties.Count > 0)
        {
            var applicationProperties = new ApplicationProperties();
            foreach (var (name, value) in content.Properties)
            {
                applicationProperties.Map[name] = PropertyValues.ToAmqp(value);
            }
            applicationProperties.Encode(buffer);
        }
        WriteBody(content, buffer);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length);
    }

    private static Header HeaderOf(Delivery delivery, bool isPeeked)
    {
        var header = new Header
        {
            Durable = true,
            // Deliveries before this one: clients count on.
            DeliveryCount = (uint)(isPeeked ? delivery.DeliveryCount : delivery.DeliveryCount - 1),
        };
        if (delivery.TimeToLive.TotalMilliseconds <= uint.MaxValue)
        {
            header.Ttl = (uint)delivery.TimeToLive.TotalMilliseconds;
        }
        return header;
    }

    private static Properties PropertiesOf(Delivery delivery)
    {
        var content = delivery.Content;
        var properties = new Properties();
        properties.SetMessageId(content.MessageId);
        Set(content.To, static (properties, value) => properties.To = value);
        Set(content.Subject, static (properties, value) => properties.Subject = value);
        Set(content.ReplyTo, static (properties, value) => properties.ReplyTo = value);
        Set(content.CorrelationId, static (properties, value) => properties.CorrelationId = value);
        Set(content.ContentType, static (properties, value) => properties.ContentType = new Symbol(value));
        Set(content.SessionId, static (properties, value) => properties.GroupId = value);
        Set(content.ReplyToSessionId, static (properties, value) => properties.ReplyToGroupId = value);
        if (delivery.TimeToLive < DateTimeOffset.MaxValue - delivery.EnqueuedTime)
        {
            properties.CreationTime = delivery.EnqueuedTime.UtcDateTime;
            properties.AbsoluteExpiryTime = (delivery.EnqueuedTime + delivery.TimeToLive).UtcDateTime;
        }
        return properties;

        void Set(string? value, Action<Properties, string> set)
        {
            if (value is not null)
            {
                set(properties, value);
            }
        }
    }

    private static MessageAnnotations AnnotationsOf(Delivery delivery)
    {
        var content = delivery.Content;
        var annotations = new MessageAnnotations();
        var map = annotations.Map;
        map[AnnotationNames.SequenceNumber] = delivery.SequenceNumber;
        map[AnnotationNames.EnqueuedSequenceNumber] = delivery.EnqueuedSequenceNumber;
        map[AnnotationNames.EnqueuedTime] = delivery.EnqueuedTime.UtcDateTime;
        if (delivery.LockToken != Guid.Empty)
        {
            map[AnnotationNames.LockedUntil] = delivery.LockedUntil.UtcDateTime;
        }
        if (delivery.State != ServiceBusMessageState.Active)
        {
            map[AnnotationNames.State] = (int)delivery.State;
        }
        if (content.ScheduledEnqueueTime != default)
        {
            map[AnnotationNames.ScheduledEnqueueTime] = content.ScheduledEnqueueTime.UtcDateTime;
        }
        if (delivery.DeadLetterSource is { } source)
        {
            map[AnnotationNames.DeadLetterSource] = source;
        }
        if (content.PartitionKey is { } partitionKey)
        {
            map[AnnotationNames.PartitionKey] = partitionKey;
        }
        if (content.TransactionPartitionKey is { } viaPartitionKey)
        {
            map[AnnotationNames.ViaPartitionKey] = viaPartitionKey;
        }
        return annotations;
    }

    private static void WriteBody(SentMessage content, ByteBuffer buffer)
    {
        var body = content.Body.Span;
        Span<byte> section = [AmqpShape.Described, AmqpShape.SmallULong, (byte)MessageSection.Data, AmqpShape.Binary32, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(section[4..], body.Length);
        if (!content.IsForeign)
        {
            Append(section, buffer);
        }
        Append(body, buffer);
    }

    private static void Append(ReadOnlySpan<byte> bytes, ByteBuffer buffer)
    {
        buffer.ValidateWrite(bytes.Length);
        bytes.CopyTo(buffer.Buffer.AsSpan(buffer.WritePos));
        buffer.Append(bytes.Length);
    }
}
