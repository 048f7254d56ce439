using System.Buffers;
using Amqp.Framing;
using ModelJobs.LocalRuntime.Amqp.Wire;

namespace ModelJobs.LocalRuntime.Amqp;

/// <content>Taking frames as they come.</content>
internal sealed partial class AmqpConnection
{
    /// <returns>Whether the client said goodbye.</returns>
    private async Task<bool> ReadAsync()
    {
        while (true)
        {
            var read = await _transport.Input.ReadAsync(_ended.Token).ConfigureAwait(false);
            var rest = read.Buffer;
            while (await RoomAsync().ConfigureAwait(false) && HandleNext(ref rest))
            {
            }
            _transport.Input.AdvanceTo(rest.Start, rest.End);
            if (_phase == Phase.Closed)
            {
                return true;
            }
            if (read.IsCompleted)
            {
                return false;
            }
        }
    }

    /// <summary>Handles one frame or header.</summary>
    /// <returns>False if none is there whole, or none is wanted any more.</returns>
    private bool HandleNext(ref ReadOnlySequence<byte> input)
    {
        lock (Gate)
        {
            try
            {
                return Handle(ref input);
            }
            catch (AmqpRefusal refusal)
            {
                LogRefused(_services.Logger, refusal.Condition, refusal.Message);
                Refuse(AmqpConditions.ErrorOf(refusal));
            }
            catch (Exception exception)
            {
                LogDefect(_services.Logger, exception);
                Refuse(AmqpConditions.ErrorOf(exception));
            }
            input = input.Slice(input.End);
            return false;
        }
    }

    private void Refuse(Error error)
    {
        CloseWith(error);
        // What follows cannot be understood.
        _phase = Phase.Closed;
    }

    private bool Handle(ref ReadOnlySequence<byte> input)
    {
        _heardAt = _services.Time.GetUtcNow();
        switch (_phase)
        {
            case Phase.Closed:
                return false;
            case Phase.Greeting or Phase.Header:
                return TryReadHeader(ref input);
            default:
                if (!_frames.TryRead(ref input, out var frame))
                {
                    return false;
                }
                if (_phase == Phase.Sasl)
                {
                    Authenticate(frame);
                }
                else if (frame.Body.Count > 0)
                {
                    Handle(frame);
                }
                return true;
        }
    }

    private void Handle(ReceivedFrame frame)
    {
        var payload = frame.Body;
        var performative = frame.Type == FrameType.Amqp
            ? FrameReader.ReadPerformative(ref payload)
            : throw new AmqpRefusal(AmqpConditions.FramingError, "A SASL frame came after SASL was over.");
        if (performative is Close)
        {
            if (_phase == Phase.Open)
            {
                Output.Write(FrameType.Amqp, 0, new Close());
            }
            _phase = Phase.Closed;
        }
        else if (_phase == Phase.Closing)
        {
            // It crossed our close.
        }
        else if (_phase == Phase.Opening)
        {
            OnOpen(performative as Open ?? throw new AmqpRefusal(AmqpConditions.NotAllowed, "The first frame must be an open."));
        }
        else if (performative is Begin begin)
        {
            OnBegin(frame.Channel, begin);
        }
        else if (!_sessions.TryGetValue(frame.Channel, out var session))
        {
            throw new AmqpRefusal(AmqpConditions.NotAllowed, $"There is no session on channel {frame.Channel}: begin one first.");
        }
        else if (performative is End)
        {
            session.OnEnd(isClean: true);
            _sessions.Remove(frame.Channel);
            Output.Write(FrameType.Amqp, frame.Channel, new End());
        }
        else
        {
            session.Handle(performative, payload);
        }
    }

    private void OnBegin(ushort channel, Begin begin)
    {
        if (channel > AmqpLimits.MaxChannel || !_sessions.TryAdd(channel, new AmqpSession(this, channel, begin)))
        {
            throw new AmqpRefusal(
                AmqpConditions.NotAllowed, $"Channel {channel} is in use, or higher than {AmqpLimits.MaxChannel}.");
        }
        _sessions[channel].Begin();
    }
}
