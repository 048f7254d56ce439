using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Wire;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>One section of an encoded message.</summary>
/// <param name="Code">The section's descriptor.</param>
/// <param name="Bytes">All of it.</param>
/// <param name="Content">What comes after the descriptor.</param>
internal readonly record struct MessageSection(ulong Code, ArraySegment<byte> Bytes, ArraySegment<byte> Content)
{
    public const ulong Header = 0x70;
    public const ulong DeliveryAnnotations = 0x71;
    public const ulong MessageAnnotations = 0x72;
    public const ulong Properties = 0x73;
    public const ulong ApplicationProperties = 0x74;
    public const ulong Data = 0x75;
    public const ulong Sequence = 0x76;
    public const ulong Value = 0x77;
    public const ulong Footer = 0x78;

    private static readonly Dictionary<string, ulong> Codes = new(StringComparer.Ordinal)
    {
        ["amqp:header:list"] = Header,
        ["amqp:delivery-annotations:map"] = DeliveryAnnotations,
        ["amqp:message-annotations:map"] = MessageAnnotations,
        ["amqp:properties:list"] = Properties,
        ["amqp:application-properties:map"] = ApplicationProperties,
        ["amqp:data:binary"] = Data,
        ["amqp:amqp-sequence:list"] = Sequence,
        ["amqp:amqp-value:*"] = Value,
        ["amqp:footer:map"] = Footer,
    };

    /// <summary>Cuts an encoded message into its sections.</summary>
    /// <exception cref="AmqpRefusal">It is not one (decode-error).</exception>
    public static List<MessageSection> Split(ArraySegment<byte> message)
    {
        var sections = new List<MessageSection>();
        while (message.Count > 0)
        {
            var length = AmqpShape.Measure(message);
            if (message[0] != AmqpShape.Described)
            {
                throw Invalid();
            }
            var descriptorLength = AmqpShape.Measure(message[1..]);
            var code = AmqpValues.Decode(message.Slice(1, descriptorLength)) switch
            {
                ulong number => number,
                Symbol name when Codes.TryGetValue(name, out var number) => number,
                _ => throw Invalid(),
            };
            var contentAt = 1 + descriptorLength;
            sections.Add(new(code, message[..length], message[contentAt..length]));
            message = message[length..];
        }
        return sections;
    }

    /// <summary>The section as the library's type for it.</summary>
    public T Decode<T>()
        where T : class
        => AmqpValues.Decode(Bytes) as T ?? throw Invalid();

    /// <summary>The bytes of a data section.</summary>
    public ArraySegment<byte> Binary() => Content[0] switch
    {
        AmqpShape.Binary8 => Content[2..],
        AmqpShape.Binary32 => Content[5..],
        _ => throw Invalid(),
    };

    private static AmqpRefusal Invalid() => new(AmqpConditions.DecodeError, "The bytes of a delivery are not an AMQP message.");
}
