using System.Buffers.Binary;
using System.IO.Pipelines;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ModelJobs.LocalRuntime.Amqp.Wire;

/// <summary>
/// The frames that wait to be sent on a connection. Frames are written under the connection's gate and never wait; one task sends
/// them. Who makes frames asks <see cref="IsFull"/> first, so that a client that does not read costs a bounded amount of memory.
/// </summary>
/// <param name="writer">The way to the client.</param>
/// <param name="gate">The connection's lock.</param>
/// <param name="onRoom">Called under the lock when there is room again after it was full.</param>
internal sealed class FrameOutput(PipeWriter writer, Lock gate, Action onRoom)
{
    private const byte DataOffset = 2;
    private const int UsualBytes = 16 * 1024;

    private TaskCompletionSource _pending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ByteBuffer _filling = new(UsualBytes, autoGrow: true);
    private ByteBuffer _sending = new(UsualBytes, autoGrow: true);
    private bool _isCompleted;
    private bool _wasFull;
    private bool _wasActive;

    /// <summary>Whether enough waits for the client.</summary>
    public bool IsFull
    {
        get
        {
            var isFull = _filling.Length + _sending.Length >= AmqpLimits.MaxUnreadBytes;
            _wasFull |= isFull;
            return isFull;
        }
    }

    /// <summary>Bytes of the largest frame that the client takes.</summary>
    public int MaxFrameBytes { get; set; } = AmqpLimits.MinMaxFrameBytes;

    /// <summary>Whether anything was written since the last call: a client that hears enough needs no sign of life.</summary>
    public bool TakeActivity()
    {
        var wasActive = _wasActive;
        _wasActive = false;
        return wasActive;
    }

    public void WriteProtocolHeader(ReadOnlySpan<byte> header)
    {
        Append(header);
        Signal();
    }

    public void Write(FrameType type, ushort channel, Described performative)
    {
        var start = Begin(type, channel);
        performative.Encode(_filling);
        End(start);
    }

    /// <summary>Writes a transfer with as much of its payload as a frame takes; <see cref="Transfer.More"/> says whether there is more.</summary>
    /// <returns>The bytes of <paramref name="payload"/> that are written.</returns>
    public int WriteTransfer(ushort channel, Transfer transfer, ReadOnlySpan<byte> payload)
    {
        var start = Begin(FrameType.Amqp, channel);
        var performative = _filling.WritePos;
        transfer.More = false;
        transfer.Encode(_filling);
        var room = MaxFrameBytes - (_filling.WritePos - start);
        if (payload.Length > room)
        {
            _filling.Shrink(_filling.WritePos - performative);
            transfer.More = true;
            transfer.Encode(_filling);
            room = MaxFrameBytes - (_filling.WritePos - start);
        }
        var taken = Math.Min(payload.Length, room);
        Append(payload[..taken]);
        End(start);
        return taken;
    }

    public void WriteHeartbeat() => End(Begin(FrameType.Amqp, 0));

    /// <summary>Nothing is written any more; what waits is still sent.</summary>
    public void Complete()
    {
        _isCompleted = true;
        Signal();
    }

    /// <summary>Sends what is written until <see cref="Complete"/>, or until the client is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _pending.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            lock (gate)
            {
                _pending = new(TaskCreationOptions.RunContinuationsAsynchronously);
                (_filling, _sending) = (_sending, _filling);
                if (_sending.Length == 0)
                {
                    if (_isCompleted)
                    {
                        return;
                    }
                    continue;
                }
            }
            var flushed = await writer
                .WriteAsync(_sending.Buffer.AsMemory(_sending.Offset, _sending.Length), cancellationToken).ConfigureAwait(false);
            if (flushed.IsCompleted)
            {
                return;
            }
            lock (gate)
            {
                Recycle();
                if (_filling.Length > 0 || _isCompleted)
                {
                    Signal();
                }
                if (_wasFull && !IsFull)
                {
                    _wasFull = false;
                    onRoom();
                }
            }
        }
    }

    private void Recycle()
    {
        if (_sending.Capacity > AmqpLimits.MaxUnreadBytes)
        {
            _sending = new ByteBuffer(UsualBytes, autoGrow: true);
        }
        else
        {
            _sending.Reset();
        }
    }

    private int Begin(FrameType type, ushort channel)
    {
        var start = _filling.WritePos;
        Span<byte> header = [0, 0, 0, 0, DataOffset, (byte)type, (byte)(channel >> 8), (byte)channel];
        Append(header);
        return start;
    }

    private void End(int start)
    {
        BinaryPrimitives.WriteInt32BigEndian(_filling.Buffer.AsSpan(start), _filling.WritePos - start);
        Signal();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _filling.ValidateWrite(bytes.Length);
        bytes.CopyTo(_filling.Buffer.AsSpan(_filling.WritePos));
        _filling.Append(bytes.Length);
    }

    private void Signal()
    {
        _wasActive = true;
        _pending.TrySetResult();
    }
}

/// <summary>What a frame carries.</summary>
internal enum FrameType : byte
{
    Amqp = 0,
    Sasl = 1,
}
