using Amqp.Framing;
using Amqp.Types;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>
/// What clients of AMQP can set and Service Bus has no name for, as <see cref="Broker.SentMessage.Extras"/>: the queue keeps it for other
/// clients of AMQP. Annotations of other names than the service's are kept if they are of a type that properties have.
/// </summary>
internal static class AmqpExtras
{
    /// <summary>Present if the body is not data: it is then the encoded sections themselves.</summary>
    public const string Body = Broker.SentMessage.ForeignBody;

    private const string UserId = "user-id";
    private const string ContentEncoding = "content-encoding";
    private const string GroupSequence = "group-sequence";
    private const string Priority = "priority";
    private const string AnnotationPrefix = "annotation:";

    public static void Read(Header header, Dictionary<string, object> extras)
    {
        if (header.HasField(1))
        {
            extras[Priority] = header.Priority;
        }
    }

    public static void Read(Properties properties, Dictionary<string, object> extras)
    {
        if (properties.UserId is { } userId)
        {
            extras[UserId] = userId;
        }
        if (properties.ContentEncoding is { } encoding)
        {
            extras[ContentEncoding] = encoding.ToString();
        }
        if (properties.HasField(11))
        {
            extras[GroupSequence] = properties.GroupSequence;
        }
    }

    public static void ReadAnnotation(string name, object? value, Dictionary<string, object> extras)
    {
        try
        {
            extras[AnnotationPrefix + name] = PropertyValues.FromAmqp(name, value)!;
        }
        catch (AmqpRefusal)
        {
            // An annotation is a note, not content: what cannot be kept is dropped.
        }
    }

    public static void Write(IReadOnlyDictionary<string, object> extras, Header header, Properties properties, Map annotations)
    {
        foreach (var (name, value) in extras)
        {
            switch (name)
            {
                case Body:
                    break;
                case Priority:
                    header.Priority = (byte)value;
                    break;
                case UserId:
                    properties.UserId = (byte[])value;
                    break;
                case ContentEncoding:
                    properties.ContentEncoding = new Symbol((string)value);
                    break;
                case GroupSequence:
                    properties.GroupSequence = (uint)value;
                    break;
                default:
                    annotations.TryAdd(new Symbol(name[AnnotationPrefix.Length..]), PropertyValues.ToAmqp(value));
                    break;
            }
        }
    }
}
