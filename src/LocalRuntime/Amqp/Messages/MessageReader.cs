using System.Globalization;
using Amqp.Framing;
using Amqp.Types;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>Reads messages as clients encode them.</summary>
internal static class MessageReader
{
    /// <summary>Says that a delivery's data sections are messages, each encoded whole.</summary>
    public const uint BatchFormat = 0x80013700;

    /// <summary>Reads a delivery: one message, or all of a batch.</summary>
    /// <exception cref="AmqpRefusal">It is not valid, or has something that a queue cannot keep.</exception>
    public static SentMessage[] Read(ArraySegment<byte> delivery, uint format) => format switch
    {
        0 => [Read(delivery)],
        BatchFormat =>
        [
            .. MessageSection.Split(delivery).Where(section => section.Code == MessageSection.Data).Select(section => Read(section.Binary())),
        ],
        _ => throw new AmqpRefusal(
            AmqpConditions.NotImplemented, string.Create(CultureInfo.InvariantCulture, $"Deliveries of format 0x{format:x8} are unknown.")),
    };

    /// <summary>Reads one message.</summary>
    /// <inheritdoc cref="Read(ArraySegment{byte}, uint)" path="/exception"/>
    public static SentMessage Read(ArraySegment<byte> encoded)
    {
        var sections = MessageSection.Split(encoded);
        var message = new SentMessage();
        var extras = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var section in sections)
        {
            switch (section.Code)
            {
                case MessageSection.Header:
                    message = ReadHeader(message, section.Decode<Header>(), extras);
                    break;
                case MessageSection.MessageAnnotations:
                    message = ReadAnnotations(message, section.Decode<MessageAnnotations>().Map, extras);
                    break;
                case MessageSection.Properties:
                    message = ReadProperties(message, section.Decode<Properties>(), extras);
                    break;
                case MessageSection.ApplicationProperties:
                    message = message with { Properties = ReadApplicationProperties(section.Decode<ApplicationProperties>().Map) };
                    break;
            }
        }
        message = message with { Body = ReadBody(sections, extras) };
        message = extras.Count == 0 ? message : message with { Extras = extras };
        return message.WithWireBytes(encoded.Count);
    }

    private static SentMessage ReadHeader(SentMessage message, Header header, Dictionary<string, object> extras)
    {
        AmqpExtras.Read(header, extras);
        return header.HasField(2) ? message with { TimeToLive = TimeSpan.FromMilliseconds(header.Ttl) } : message;
    }

    private static SentMessage ReadProperties(SentMessage message, Properties properties, Dictionary<string, object> extras)
    {
        AmqpExtras.Read(properties, extras);
        return message with
        {
            MessageId = Id("message-id", properties.GetMessageId()) is { Length: > 0 } id ? id : null,
            To = properties.To,
            Subject = properties.Subject,
            ReplyTo = properties.ReplyTo,
            CorrelationId = Text(properties.GetCorrelationId()),
            ContentType = properties.ContentType?.ToString(),
            SessionId = Id("group-id (SessionId)", properties.GroupId),
            ReplyToSessionId = Id("reply-to-group-id (ReplyToSessionId)", properties.ReplyToGroupId),
            // A sender that gives an end instead of a time to live gives the time between the two.
            TimeToLive = message.TimeToLive == TimeSpan.MaxValue && properties.HasField(8) && properties.HasField(9)
                && properties.AbsoluteExpiryTime > properties.CreationTime
                    ? properties.AbsoluteExpiryTime - properties.CreationTime
                    : message.TimeToLive,
        };
    }

    private static SentMessage ReadAnnotations(SentMessage message, Map annotations, Dictionary<string, object> extras)
    {
        foreach (var (key, value) in annotations)
        {
            if (key is not Symbol name)
            {
                continue;
            }
            if (name.Equals(AnnotationNames.ScheduledEnqueueTime) && value is DateTime time)
            {
                message = message with { ScheduledEnqueueTime = new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero) };
            }
            else if (name.Equals(AnnotationNames.PartitionKey))
            {
                message = message with { PartitionKey = Id(name, value) };
            }
            else if (name.Equals(AnnotationNames.ViaPartitionKey))
            {
                message = message with { TransactionPartitionKey = Id(name, value) };
            }
            else if (!AnnotationNames.OfBroker.Contains(name) && !name.Equals(AnnotationNames.ScheduledEnqueueTime))
            {
                AmqpExtras.ReadAnnotation(name, value, extras);
            }
        }
        return message;
    }

    private static Dictionary<string, object> ReadApplicationProperties(Map map)
    {
        var properties = new Dictionary<string, object>(map.Count, StringComparer.Ordinal);
        foreach (var (key, value) in map)
        {
            var name = key?.ToString() ?? "";
            properties[name] = PropertyValues.FromAmqp(name, value)!;
        }
        return properties;
    }

    private static ReadOnlyMemory<byte> ReadBody(List<MessageSection> sections, Dictionary<string, object> extras)
    {
        var body = sections.Where(section => section.Code is MessageSection.Data or MessageSection.Sequence or MessageSection.Value).ToList();
        if (body.TrueForAll(section => section.Code == MessageSection.Data))
        {
            return body is [var only] ? only.Binary().ToArray() : body.SelectMany(section => section.Binary()).ToArray();
        }
        extras[AmqpExtras.Body] = true;
        return body.SelectMany(section => section.Bytes).ToArray();
    }

    /// <summary>An id, which the service bounds in length.</summary>
    private static string? Id(string name, object? value)
    {
        var id = Text(value);
        return id is not { Length: > BrokerLimits.MaxIdLength }
            ? id
            : throw new AmqpRefusal(
                AmqpConditions.ArgumentError, $"The {name} of a message is longer than {BrokerLimits.MaxIdLength} characters.");
    }

    /// <summary>Clients may use numbers, UUIDs and bytes for ids; Service Bus has texts.</summary>
    private static string? Text(object? id) => id switch
    {
        null => null,
        byte[] bytes => Convert.ToBase64String(bytes),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => id.ToString(),
    };
}
