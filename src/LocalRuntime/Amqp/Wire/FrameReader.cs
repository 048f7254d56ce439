using System.Buffers;
using System.Buffers.Binary;
using Amqp.Types;

namespace ModelJobs.LocalRuntime.Amqp.Wire;

/// <summary>A frame as it came.</summary>
/// <param name="Type">What it carries.</param>
/// <param name="Channel">The session's number.</param>
/// <param name="Body">Performative and payload; valid until the next frame is read. Empty: a sign of life.</param>
internal readonly record struct ReceivedFrame(FrameType Type, ushort Channel, ArraySegment<byte> Body);

/// <summary>Cuts what a client sends into frames. One buffer holds one frame at a time.</summary>
internal sealed class FrameReader
{
    public const int ProtocolHeaderBytes = 8;
    private const int FrameHeaderBytes = 8;
    private const int WordBytes = 4;

    private byte[] _frame = new byte[AmqpLimits.MinMaxFrameBytes];

    /// <summary>Bytes of the largest frame that is taken.</summary>
    public int MaxFrameBytes { get; set; } = AmqpLimits.MaxSaslFrameBytes;

    /// <summary>Takes a frame off the front of <paramref name="input"/>, if it is there whole.</summary>
    /// <exception cref="AmqpRefusal">It is not a frame, or a too large one.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, out ReceivedFrame frame)
    {
        frame = default;
        if (input.Length < FrameHeaderBytes)
        {
            return false;
        }
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        input.Slice(0, FrameHeaderBytes).CopyTo(header);
        var size = BinaryPrimitives.ReadUInt32BigEndian(header);
        var bodyAt = header[4] * WordBytes;
        if (size < FrameHeaderBytes || bodyAt < FrameHeaderBytes || bodyAt > size || size > MaxFrameBytes || header[5] > (byte)FrameType.Sasl)
        {
            throw new AmqpRefusal(
                AmqpConditions.FramingError,
                FormattableString.Invariant($"The bytes are not an AMQP frame of at most {MaxFrameBytes} bytes."));
        }
        if (input.Length < size)
        {
            return false;
        }
        var length = (int)size - bodyAt;
        if (_frame.Length < length)
        {
            _frame = new byte[Math.Min(MaxFrameBytes, Math.Max(length, 2 * _frame.Length))];
        }
        input.Slice(bodyAt, length).CopyTo(_frame);
        input = input.Slice(size);
        frame = new ReceivedFrame((FrameType)header[5], BinaryPrimitives.ReadUInt16BigEndian(header[6..]), new(_frame, 0, length));
        return true;
    }

    /// <summary>Decodes the performative of a frame.</summary>
    /// <param name="body">The frame's body; what is left of it is the payload.</param>
    /// <exception cref="AmqpRefusal">It is not one (decode-error).</exception>
    public static DescribedList ReadPerformative(ref ArraySegment<byte> body)
    {
        var length = AmqpShape.Measure(body);
        var value = AmqpValues.Decode(body[..length]);
        body = body[length..];
        return value as DescribedList
            ?? throw new AmqpRefusal(AmqpConditions.DecodeError, "The frame does not begin with a performative of AMQP 1.0.");
    }
}
