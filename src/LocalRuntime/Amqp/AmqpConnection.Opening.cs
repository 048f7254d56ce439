using System.Buffers;
using System.Text;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Security;
using ModelJobs.LocalRuntime.Amqp.Wire;

namespace ModelJobs.LocalRuntime.Amqp;

/// <content>Saying hello, and signs of life.</content>
internal sealed partial class AmqpConnection
{
    private const string Plain = "PLAIN";

    /// <summary>Claims-based security (a token later, on <c>$cbs</c>) under the name that the service's clients ask for.</summary>
    private const string ClaimsBased = "MSSBCBS";

    private static readonly Symbol[] Mechanisms = [new(ClaimsBased), new("ANONYMOUS"), new(Plain), new("EXTERNAL")];

    private static ReadOnlySpan<byte> AmqpHeader => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 1, 0, 0];

    private static ReadOnlySpan<byte> SaslHeader => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 3, 1, 0, 0];

    private bool TryReadHeader(ref ReadOnlySequence<byte> input)
    {
        if (input.Length < FrameReader.ProtocolHeaderBytes)
        {
            return false;
        }
        Span<byte> header = stackalloc byte[FrameReader.ProtocolHeaderBytes];
        input.Slice(0, header.Length).CopyTo(header);
        input = input.Slice(header.Length);
        if (header.SequenceEqual(AmqpHeader))
        {
            // A client without SASL is anonymous: it may open, and shows a token on $cbs.
            Output.WriteProtocolHeader(AmqpHeader);
            _phase = Phase.Opening;
            _frames.MaxFrameBytes = AmqpLimits.MaxFrameBytes;
        }
        else if (header.SequenceEqual(SaslHeader) && _phase == Phase.Greeting)
        {
            Output.WriteProtocolHeader(SaslHeader);
            Output.Write(FrameType.Sasl, 0, new SaslMechanisms { SaslServerMechanisms = Mechanisms });
            _phase = Phase.Sasl;
        }
        else
        {
            // The protocol's answer to another protocol: the header that we would have understood, and the end.
            Output.WriteProtocolHeader(_phase == Phase.Greeting ? SaslHeader : AmqpHeader);
            _phase = Phase.Closed;
        }
        return true;
    }

    private void Authenticate(ReceivedFrame frame)
    {
        var body = frame.Body;
        var init = frame.Type == FrameType.Sasl && body.Count > 0 ? FrameReader.ReadPerformative(ref body) as SaslInit : null;
        if (init is null)
        {
            _phase = Phase.Closed;
            return;
        }
        var isKnown = Array.Exists(Mechanisms, mechanism => mechanism.Equals(init.Mechanism));
        var isValid = isKnown && (init.Mechanism != Plain || IsPassword(init.InitialResponse));
        Output.Write(FrameType.Sasl, 0, new SaslOutcome { Code = isValid ? SaslCode.Ok : SaslCode.Auth });
        _phase = isValid ? Phase.Header : Phase.Closed;
    }

    /// <summary>Takes the answer to PLAIN: two texts, each after a zero, of which the first is the key's name and the second the key.</summary>
    private bool IsPassword(byte[]? response)
    {
        var parts = response.AsSpan();
        var user = parts.IndexOf((byte)0);
        var password = user < 0 ? -1 : parts[(user + 1)..].IndexOf((byte)0);
        if (password < 0
            || !_services.Key.IsPassword(Encoding.UTF8.GetString(parts.Slice(user + 1, password)), parts[(user + password + 2)..]))
        {
            return false;
        }
        Grant(Claim.Everything);
        return true;
    }

    private void OnOpen(Open open)
    {
        if (open.MaxFrameSize < AmqpLimits.MinMaxFrameBytes)
        {
            throw new AmqpRefusal(AmqpConditions.InvalidField, $"A max-frame-size is at least {AmqpLimits.MinMaxFrameBytes}.");
        }
        WriteOpen();
        Output.MaxFrameBytes = (int)Math.Min(open.MaxFrameSize, AmqpLimits.MaxFrameBytes);
        if (open.IdleTimeOut > 0)
        {
            // Twice in the time that the client waits, so that one sign may be late.
            _peerPatience = TimeSpan.FromMilliseconds(open.IdleTimeOut) / 2;
            var interval = new[] { _peerPatience, AmqpLimits.TickInterval }.Min();
            interval = interval < AmqpLimits.MinTickInterval ? AmqpLimits.MinTickInterval : interval;
            _timer?.Change(interval, interval);
        }
        _phase = Phase.Open;
    }

    private void WriteOpen() => Output.Write(FrameType.Amqp, 0, new Open
    {
        ContainerId = _services.ContainerId,
        MaxFrameSize = AmqpLimits.MaxFrameBytes,
        ChannelMax = AmqpLimits.MaxChannel,
        IdleTimeOut = (uint)(AmqpLimits.MaxSilence / 2).TotalMilliseconds,
        // Some clients look at the last field without asking whether it came.
        Properties = [],
    });

    private void OnTick()
    {
        lock (Gate)
        {
            if (_timer is null)
            {
                return;
            }
            if (_phase is Phase.Closing or Phase.Closed)
            {
                // It had its time to answer.
                CutOff();
                return;
            }
            var silence = _services.Time.GetUtcNow() - _heardAt;
            if (silence >= (_phase == Phase.Open ? AmqpLimits.MaxSilence : AmqpLimits.OpenTimeout))
            {
                EndSessions(isClean: false);
                CutOff();
                return;
            }
            if (_phase == Phase.Open)
            {
                foreach (var link in Links.Where(link => link is { IsDetached: false, Path: { } path } && !IsAllowed(path)).ToList())
                {
                    link.Detach(AmqpConditions.ErrorOf(
                        AmqpConditions.UnauthorizedAccess, $"The token for '{link.Path}' ended, and no new one was put."));
                }
                if (_peerPatience > TimeSpan.Zero && !Output.TakeActivity())
                {
                    Output.WriteHeartbeat();
                }
            }
        }
    }

    private void CutOff()
    {
        _phase = Phase.Closed;
        _timer?.Dispose();
        _ended.Cancel();
        _abort();
    }
}
