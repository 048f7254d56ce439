using System.Buffers.Binary;

namespace ModelJobs.LocalRuntime.Amqp.Wire;

/// <summary>
/// Measures encoded values without decoding them. What passes can be decoded safely: nothing reaches beyond its end, counts are
/// true and the nesting is bounded, so that no few bytes make the decoder allocate or recurse without end.
/// </summary>
internal static class AmqpShape
{
    /// <summary>Before a descriptor and its value.</summary>
    public const byte Described = 0x00;

    /// <summary>Before a number of one byte.</summary>
    public const byte SmallULong = 0x53;

    /// <summary>Before a length of one byte and bytes.</summary>
    public const byte Binary8 = 0xa0;

    /// <summary>Before a length of four bytes and bytes.</summary>
    public const byte Binary32 = 0xb0;

    /// <summary>Bytes of the first value in <paramref name="bytes"/>.</summary>
    /// <exception cref="AmqpRefusal">It is not a well-formed value (decode-error).</exception>
    public static int Measure(ReadOnlySpan<byte> bytes) => Value(bytes, AmqpLimits.MaxDepth);

    private static int Value(ReadOnlySpan<byte> bytes, int depth)
    {
        var code = At(bytes, 0);
        if (code != Described)
        {
            return 1 + Body(code, bytes[1..], depth);
        }
        Descend(ref depth);
        var descriptor = 1 + Value(bytes[1..], depth);
        return descriptor + Value(bytes[descriptor..], depth);
    }

    /// <summary>Bytes of a value after its format code.</summary>
    private static int Body(byte code, ReadOnlySpan<byte> bytes, int depth)
    {
        switch (code >> 4)
        {
            case 0x4:
                return 0;
            case 0x5:
                return Take(bytes, 1);
            case 0x6:
                return Take(bytes, 2);
            case 0x7:
                return Take(bytes, 4);
            case 0x8:
                return Take(bytes, 8);
            case 0x9:
                return Take(bytes, 16);
            case 0xa:
            case 0xb:
                var width = code >> 4 == 0xa ? 1 : 4;
                return Take(bytes, width + Size(bytes, width));
            case 0xc:
            case 0xd:
                return Compound(bytes, code >> 4 == 0xc ? 1 : 4, depth, isMap: (code & 0xf) == 1);
            case 0xe:
            case 0xf:
                return Array(bytes, code >> 4 == 0xe ? 1 : 4, depth);
            default:
                throw Malformed($"0x{code:x2} is not a type");
        }
    }

    private static int Compound(ReadOnlySpan<byte> bytes, int width, int depth, bool isMap)
    {
        Descend(ref depth);
        var (content, count) = Contents(bytes, width);
        if (isMap && count % 2 != 0)
        {
            throw Malformed("a map has a key without a value");
        }
        for (var i = 0; i < count; i++)
        {
            content = content[Value(content, depth)..];
        }
        return content.IsEmpty ? width + Size(bytes, width) : throw Malformed("a list or map is longer than its values");
    }

    private static int Array(ReadOnlySpan<byte> bytes, int width, int depth)
    {
        Descend(ref depth);
        var (content, count) = Contents(bytes, width);
        if (At(content, 0) == Described)
        {
            throw Malformed("arrays of described values are not supported");
        }
        var code = content[0];
        content = content[1..];
        if (code >> 4 == 0x4 && count > content.Length + AmqpLimits.MaxDepth)
        {
            // Values without bytes: their number costs the sender nothing.
            throw Malformed($"an array has {count} values of type 0x{code:x2}");
        }
        for (var i = 0; i < count; i++)
        {
            content = content[Body(code, content, depth)..];
        }
        return content.IsEmpty ? width + Size(bytes, width) : throw Malformed("an array is longer than its values");
    }

    /// <summary>What is in a list, map or array, and how many values that should be.</summary>
    private static ContentSpan Contents(ReadOnlySpan<byte> bytes, int width)
    {
        var size = Size(bytes, width);
        Take(bytes, width + size);
        if (size < width)
        {
            throw Malformed("a list, map or array has no count");
        }
        return new ContentSpan(bytes.Slice(2 * width, size - width), Size(bytes[width..], width));
    }

    private static int Size(ReadOnlySpan<byte> bytes, int width)
    {
        if (width == 1)
        {
            return At(bytes, 0);
        }
        Take(bytes, width);
        var size = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return size <= int.MaxValue - (2 * sizeof(uint)) ? (int)size : throw Malformed($"a value claims {size} bytes");
    }

    private static byte At(ReadOnlySpan<byte> bytes, int index) => index < bytes.Length ? bytes[index] : throw TooShort();

    private static int Take(ReadOnlySpan<byte> bytes, int count) => count <= bytes.Length ? count : throw TooShort();

    private static void Descend(ref int depth)
    {
        if (--depth < 0)
        {
            throw Malformed($"values are nested deeper than {AmqpLimits.MaxDepth}");
        }
    }

    private static AmqpRefusal TooShort() => Malformed("a value reaches beyond its frame");

    private static AmqpRefusal Malformed(string what) => new(AmqpConditions.DecodeError, $"The bytes are not valid AMQP: {what}.");

    private readonly ref struct ContentSpan(ReadOnlySpan<byte> content, int count)
    {
        private readonly ReadOnlySpan<byte> _content = content;

        public void Deconstruct(out ReadOnlySpan<byte> content, out int number)
        {
            content = _content;
            number = count;
        }
    }
}
