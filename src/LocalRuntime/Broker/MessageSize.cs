using System.Text;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// How many bytes a message has on the wire, within a few bytes: AMQP 1.0 sections and values with their
/// constructors, as the official clients encode them. Limits are checked against this.
/// </summary>
internal static class MessageSize
{
    /// <summary>The envelope around the messages of a batch.</summary>
    public const int BatchEnvelopeBytes = 60;

    /// <summary>Header, message annotations, properties and body sections with nothing in them.</summary>
    private const int SectionBytes = 40;

    /// <summary>Constructor and length of a string, a symbol or binary.</summary>
    private const int VariableWidthBytes = 5;

    /// <summary>Constructor and value of the widest fixed-width type: a UUID.</summary>
    private const int FixedWidthBytes = 17;

    /// <summary>A message annotation's key and fixed-width value.</summary>
    private const int AnnotationBytes = 36;

    /// <summary>Up to this size a message in a batch has a short length prefix.</summary>
    private const int SmallMessageBytes = byte.MaxValue;

    /// <summary>Bytes of a batch of <paramref name="batchBytes"/> (0: empty) after <paramref name="message"/> joined it.</summary>
    public static long OfBatchWith(long batchBytes, SentMessage message)
    {
        var bytes = message.Bytes;
        return (batchBytes == 0 ? BatchEnvelopeBytes : batchBytes) + bytes + (bytes <= SmallMessageBytes ? 5 : 8);
    }

    /// <summary>Bytes of everything but the body.</summary>
    public static int OfHeaders(SentMessage message)
    {
        var bytes = SectionBytes
            + Text(message.MessageId) + Text(message.SessionId) + Text(message.CorrelationId) + Text(message.Subject)
            + Text(message.To) + Text(message.ReplyTo) + Text(message.ReplyToSessionId) + Text(message.ContentType)
            + Annotation(message.PartitionKey) + Annotation(message.TransactionPartitionKey);
        if (message.ScheduledEnqueueTime != default)
        {
            bytes += AnnotationBytes;
        }
        foreach (var (name, value) in message.Properties)
        {
            bytes += Text(name) + Value(value);
        }
        foreach (var (name, value) in message.Extras)
        {
            bytes += Text(name) + Value(value);
        }
        return bytes;
    }

    private static int Text(string? text) => text is null ? 1 : VariableWidthBytes + Encoding.UTF8.GetByteCount(text);

    private static int Annotation(string? text) => text is null ? 0 : AnnotationBytes + Text(text);

    private static int Value(object? value) => value switch
    {
        null => 1,
        string text => Text(text),
        Uri uri => AnnotationBytes + Text(uri.OriginalString),
        byte[] bytes => VariableWidthBytes + bytes.Length,
        _ => FixedWidthBytes,
    };
}
