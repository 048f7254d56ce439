using Amqp.Framing;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Wire;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>
/// A session: numbers transfers, keeps to the client's window and finds the link that a frame is for. It and its links use the
/// numbers that the client chose, for what they send too.
/// </summary>
internal sealed class AmqpSession
{
    private readonly ushort _channel;
    private readonly Dictionary<uint, AmqpLink> _links = [];
    private readonly UnsettledDeliveries _unsettled = new();
    private uint _nextIncomingId;
    private uint _nextOutgoingId;
    private uint _nextDeliveryId;
    private long _window;

    public AmqpSession(AmqpConnection connection, ushort channel, Begin begin)
    {
        Connection = connection;
        _channel = channel;
        _nextIncomingId = begin.NextOutgoingId;
        _window = begin.IncomingWindow;
    }

    public AmqpConnection Connection { get; }

    public IEnumerable<AmqpLink> Links => _links.Values;

    /// <summary>
    /// The entity of the session's first link. Clients that want transactions over several entities have all their links in one session,
    /// and what they send to other entities goes through the first one.
    /// </summary>
    public string? Via { get; set; }

    /// <summary>Whether the client takes another transfer frame.</summary>
    public bool HasWindow => _window > 0;

    public void Begin() => Write(new Begin
    {
        RemoteChannel = _channel,
        NextOutgoingId = _nextOutgoingId,
        IncomingWindow = AmqpLimits.SessionWindow,
        OutgoingWindow = AmqpLimits.SessionWindow,
        HandleMax = AmqpLimits.MaxHandle,
        Properties = [],
    });

    public void Handle(DescribedList performative, ArraySegment<byte> payload)
    {
        switch (performative)
        {
            case Attach attach:
                OnAttach(attach);
                break;
            case Detach detach:
                OnDetach(detach);
                break;
            case Flow flow:
                OnFlow(flow);
                break;
            case Transfer transfer:
                _nextIncomingId++;
                if (LinkOf(transfer.Handle) is IncomingLink link)
                {
                    link.OnTransfer(transfer, payload);
                }
                break;
            case Dispose disposition:
                OnDisposition(disposition);
                break;
            default:
                throw new AmqpRefusal(AmqpConditions.NotAllowed, $"A {performative.GetType().Name} frame is not expected here.");
        }
    }

    public void Write(DescribedList performative) => Connection.Output.Write(FrameType.Amqp, _channel, performative);

    /// <summary>Writes a flow with the session's state, for the link that it may name.</summary>
    public void WriteFlow(Flow flow)
    {
        flow.NextIncomingId = _nextIncomingId;
        flow.IncomingWindow = AmqpLimits.SessionWindow;
        flow.NextOutgoingId = _nextOutgoingId;
        flow.OutgoingWindow = AmqpLimits.SessionWindow;
        Write(flow);
    }

    /// <summary>Begins a delivery. The client's answer goes to <paramref name="link"/> with the given token; without one none is expected.</summary>
    public uint NextDelivery(OutgoingLink link, Guid? lockToken)
    {
        var id = _nextDeliveryId++;
        if (lockToken is { } token)
        {
            _unsettled.Add(id, new(link, token));
        }
        return id;
    }

    /// <summary>Writes one frame of a delivery.</summary>
    /// <returns>The bytes of the payload that it took.</returns>
    public int WriteTransfer(Transfer transfer, ReadOnlySpan<byte> payload)
    {
        _nextOutgoingId++;
        _window--;
        return Connection.Output.WriteTransfer(_channel, transfer, payload);
    }

    /// <summary>Answers deliveries: the client's if <paramref name="ofClient"/>, else ours, which it has decided about.</summary>
    public void WriteOutcome(uint deliveryId, bool ofClient, DeliveryState state) => Write(new Dispose
    {
        Role = ofClient,
        First = deliveryId,
        Last = deliveryId,
        Settled = true,
        State = state,
    });

    /// <summary>Lets links send what they could not send before.</summary>
    public void Pump()
    {
        foreach (var link in _links.Values)
        {
            (link as OutgoingLink)?.Pump();
        }
    }

    /// <summary>Ends the session with its links.</summary>
    /// <param name="isClean">Whether the client said so; else it is lost, with all it holds.</param>
    public void OnEnd(bool isClean)
    {
        foreach (var link in _links.Values)
        {
            End(link, isClean);
        }
        _links.Clear();
    }

    private AmqpLink LinkOf(uint handle) => _links.TryGetValue(handle, out var link)
        ? link
        : throw new AmqpRefusal(AmqpConditions.UnattachedHandle, FormattableString.Invariant($"No link is attached as {handle}."));

    private void OnAttach(Attach attach)
    {
        if (attach.Handle > AmqpLimits.MaxHandle || _links.ContainsKey(attach.Handle))
        {
            throw new AmqpRefusal(
                AmqpConditions.HandleInUse,
                FormattableString.Invariant($"The handle {attach.Handle} is in use, or higher than {AmqpLimits.MaxHandle}."));
        }
        AmqpLink link;
        try
        {
            if (Connection.LinkCount >= AmqpLimits.MaxLinks)
            {
                throw new AmqpRefusal(AmqpConditions.ResourceLimitExceeded, $"A connection may have {AmqpLimits.MaxLinks} links.");
            }
            link = LinkFactory.Create(this, attach);
        }
        catch (Exception exception) when (exception is not AmqpRefusal { Condition: AmqpConditions.DecodeError })
        {
            link = new RefusedLink(this, attach, exception);
        }
        _links.Add(attach.Handle, link);
        Connection.LinkCount++;
        link.Attach();
    }

    private void OnDetach(Detach detach)
    {
        var link = LinkOf(detach.Handle);
        _links.Remove(detach.Handle);
        if (!link.IsDetached)
        {
            Write(new Detach { Handle = detach.Handle, Closed = detach.Closed });
        }
        End(link, isClean: true);
    }

    private void End(AmqpLink link, bool isClean)
    {
        Connection.LinkCount--;
        link.End(isClean);
        if (link is OutgoingLink outgoing)
        {
            _unsettled.RemoveOf(outgoing);
        }
    }

    private void OnFlow(Flow flow)
    {
        var wasClosed = !HasWindow;
        // What the client has not seen of what we sent is on its way into its window.
        _window = Math.Max(0L, (int)(flow.NextIncomingId - _nextOutgoingId) + (long)flow.IncomingWindow);
        if (flow.HasHandle)
        {
            LinkOf(flow.Handle).OnFlow(flow);
        }
        else if (flow.Echo)
        {
            WriteFlow(new Flow());
        }
        if (wasClosed && HasWindow)
        {
            Pump();
        }
    }

    private void OnDisposition(Dispose disposition)
    {
        // What the client says of deliveries that it sent is not needed: they are settled with our answer.
        if (disposition.Role)
        {
            var last = disposition.HasField(2) ? disposition.Last : disposition.First;
            foreach (var (id, delivery) in _unsettled.InRange(disposition.First, last))
            {
                if (delivery.Link.OnOutcome(id, delivery.LockToken, disposition.State, disposition.Settled))
                {
                    _unsettled.Remove(id);
                }
            }
        }
    }
}
