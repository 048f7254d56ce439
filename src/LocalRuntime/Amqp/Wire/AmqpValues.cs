using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ModelJobs.LocalRuntime.Amqp.Wire;

/// <summary>Decodes values that <see cref="AmqpShape"/> measured.</summary>
internal static class AmqpValues
{
    // The library learns the types of the protocol when one of them is first used.
    static AmqpValues() => _ = new Open();

    /// <exception cref="AmqpRefusal">The value is of a type that is unknown, or not the one that its place asks for (decode-error).</exception>
    public static object? Decode(ArraySegment<byte> bytes)
    {
        try
        {
            return Encoder.ReadObject(new ByteBuffer(bytes.Array, bytes.Offset, bytes.Count, bytes.Count));
        }
        catch (Exception exception) when (exception is AmqpException or InvalidCastException or InvalidOperationException or ArgumentException
            or IndexOutOfRangeException or NullReferenceException or OverflowException or NotSupportedException)
        {
            // The library tells wrong types by whatever they led to.
            throw new AmqpRefusal(AmqpConditions.DecodeError, $"The bytes are not valid AMQP: {exception.Message}");
        }
    }
}
