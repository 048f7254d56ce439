using System.Buffers.Binary;
using AmqpDecimal = Amqp.Types.Decimal;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>
/// Decimal numbers as AMQP's decimal128: IEEE 754, binary integer significand. The clients for .NET write no other width, and the 96 bits
/// of a significand of .NET always fit.
/// </summary>
internal static class DecimalValues
{
    private const int Bytes = 16;
    private const int Bias = 6176;
    private const int MaxScale = 28;
    private const byte LargeSignificand = 0x60;

    public static AmqpDecimal ToAmqp(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var bytes = new byte[Bytes];
        var exponent = Bias - ((bits[3] >> 16) & 0xff);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)((value < 0 || decimal.IsNegative(value) ? 0x8000 : 0) | (exponent << 1)));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), bits[2]);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), bits[1]);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), bits[0]);
        return new(bytes);
    }

    /// <exception cref="AmqpRefusal">It is not a number that .NET has, or of another width (not-allowed).</exception>
    public static decimal FromAmqp(AmqpDecimal value)
    {
        var bytes = value.Bytes;
        if (bytes.Length == Bytes && (bytes[0] & LargeSignificand) != LargeSignificand && bytes[1] % 2 == 0 && bytes[2] == 0 && bytes[3] == 0)
        {
            // The clients for .NET drop two bits of the exponent as they write it, and pay as little attention as they read it: its low
            // eight bits are what counts.
            var scale = (byte)(Bias - ((BinaryPrimitives.ReadUInt16BigEndian(bytes) & 0x7fff) >> 1));
            if (scale <= MaxScale)
            {
                return new decimal(
                    BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(12)),
                    BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(8)),
                    BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4)),
                    isNegative: (bytes[0] & 0x80) != 0,
                    scale);
            }
        }
        throw new AmqpRefusal(AmqpConditions.NotAllowed, "A decimal property must have 96 bits and up to 28 places, as decimal128.");
    }
}
