using Amqp.Framing;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>A delivery that came whole.</summary>
/// <param name="Id">Its number, to answer it by.</param>
/// <param name="Format">What its bytes are: one message, or a batch.</param>
/// <param name="Bytes">Its bytes; valid until the next frame is read.</param>
/// <param name="IsSettled">Whether the client wants no answer.</param>
internal readonly record struct IncomingDelivery(uint Id, uint Format, ArraySegment<byte> Bytes, bool IsSettled);

/// <summary>
/// A link on which the client sends. Its credit is renewed as deliveries are answered, so that a client can only have so many on
/// their way to the disk.
/// </summary>
/// <param name="session">The link's session.</param>
/// <param name="attach">What the client asked for.</param>
/// <param name="path">The entity that the client must be allowed to use.</param>
/// <param name="maxBytes">Bytes of the largest delivery.</param>
internal abstract class IncomingLink(AmqpSession session, Attach attach, string? path, int maxBytes) : AmqpLink(session, attach, path)
{
    private Transfer? _first;
    private MemoryStream? _parts;
    private long _partBytes;
    private bool _isTooLarge;
    private uint _deliveryCount = attach.InitialDeliveryCount;
    private int _credit;
    private int _unanswered;

    public override void Attach()
    {
        WriteAttach(new Attach { Source = Asked.Source, Target = Asked.Target });
        RenewCredit();
    }

    public override void OnFlow(Flow flow)
    {
        if (flow.Echo && !IsDetached)
        {
            WriteCredit();
        }
    }

    /// <summary>Takes one frame of a delivery.</summary>
    public void OnTransfer(Transfer transfer, ArraySegment<byte> payload)
    {
        if (IsDetached)
        {
            return;
        }
        if (_first is null)
        {
            if (_credit == 0)
            {
                Detach(AmqpConditions.ErrorOf(
                    AmqpConditions.TransferLimitExceeded, "More was sent than the link has credit for."));
                return;
            }
            _first = transfer;
        }
        if (transfer.Aborted)
        {
            Forget();
            Count();
            RenewCredit();
            return;
        }
        if (_isTooLarge || _partBytes + payload.Count > maxBytes)
        {
            // The rest is read and dropped: clients wait for an answer to the whole.
            _isTooLarge = true;
            Drop();
        }
        else if (transfer.More || _parts is not null)
        {
            Gather(payload);
        }
        if (!transfer.More)
        {
            Finish(transfer, payload);
        }
    }

    /// <summary>Handles a delivery, and calls <see cref="Answer"/> in the end.</summary>
    protected abstract void Deliver(IncomingDelivery delivery, DeliveryState? state);

    protected override void OnEnd(bool isClean) => Forget();

    /// <summary>Tells the client what became of a delivery.</summary>
    protected void Answer(IncomingDelivery delivery, DeliveryState outcome)
    {
        _unanswered--;
        if (IsDetached)
        {
            return;
        }
        if (!delivery.IsSettled)
        {
            Session.WriteOutcome(delivery.Id, ofClient: true, outcome);
        }
        RenewCredit();
    }

    private void Gather(ArraySegment<byte> payload)
    {
        _parts ??= new MemoryStream();
        _parts.Write(payload);
        _partBytes += payload.Count;
        Connection.CountParts(payload.Count);
    }

    private void Finish(Transfer last, ArraySegment<byte> payload)
    {
        var bytes = _parts is null ? payload : new(_parts.GetBuffer(), 0, (int)_parts.Length);
        var delivery = new IncomingDelivery(_first!.DeliveryId, _first.MessageFormat, bytes, _first.Settled || last.Settled);
        var state = _first.State;
        var isTooLarge = _isTooLarge;
        Forget();
        Count();
        _unanswered++;
        if (isTooLarge)
        {
            Answer(delivery, new Rejected
            {
                Error = AmqpConditions.ErrorOf(
                    AmqpConditions.MessageSizeExceeded, FormattableString.Invariant($"A message or batch may have {maxBytes} bytes.")),
            });
        }
        else
        {
            Deliver(delivery, state);
        }
    }

    private void Count()
    {
        _credit--;
        _deliveryCount++;
    }

    private void Forget()
    {
        _first = null;
        _isTooLarge = false;
        Drop();
    }

    private void Drop()
    {
        _parts = null;
        Connection.CountParts(-_partBytes);
        _partBytes = 0;
    }

    private void RenewCredit()
    {
        var credit = AmqpLimits.LinkCredit - _unanswered;
        if (_credit <= AmqpLimits.LinkCredit / 2 && credit > _credit)
        {
            _credit = credit;
            WriteCredit();
        }
    }

    private void WriteCredit() => Session.WriteFlow(new Flow { Handle = Handle, DeliveryCount = _deliveryCount, LinkCredit = (uint)_credit });
}
