using Amqp.Framing;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>
/// A link on which we send, as far as the client's credit, its session's window and the connection's room allow.
/// </summary>
internal abstract class OutgoingLink(AmqpSession session, Attach attach, string? path) : AmqpLink(session, attach, path)
{
    private uint _deliveryCount;
    private bool _isDraining;
    private byte[] _rest = [];

    /// <summary>Deliveries that the client takes now.</summary>
    protected uint Credit { get; private set; }

    /// <summary>The client takes back its credit once what is there was sent.</summary>
    protected bool IsDraining => _isDraining;

    protected bool CanSend => Credit > 0 && _rest.Length == 0 && Session.HasWindow && !Connection.Output.IsFull && IsAttached && !IsDetached;

    /// <summary>Sends what can be sent, and answers a drain when that is all.</summary>
    public void Pump()
    {
        if (!IsAttached || IsDetached)
        {
            return;
        }
        SendRest();
        if (SendNext() && _isDraining && _rest.Length == 0)
        {
            _isDraining = false;
            _deliveryCount += Credit;
            Credit = 0;
            WriteFlow(isDrain: true);
        }
    }

    /// <summary>
    /// Sets the credit to what the client says, less what it had not seen when it said so: saying the same twice gives nothing twice.
    /// </summary>
    public override void OnFlow(Flow flow)
    {
        if (IsDetached)
        {
            return;
        }
        // Field 5 is the delivery-count, which a client that has not seen our attach leaves out; 6 is the credit.
        if (flow.HasField(6))
        {
            var seen = flow.HasField(5) ? flow.DeliveryCount : 0;
            var credit = (int)(seen - _deliveryCount) + (long)flow.LinkCredit;
            Credit = (uint)Math.Clamp(credit, 0, uint.MaxValue);
            _isDraining = flow.Drain;
            OnCredit();
        }
        Pump();
        if (flow.Echo)
        {
            WriteFlow(isDrain: false);
        }
    }

    /// <summary>The client decided about a delivery.</summary>
    /// <returns>Whether it is settled with that.</returns>
    public virtual bool OnOutcome(uint deliveryId, Guid lockToken, DeliveryState? state, bool isSettled) => true;

    /// <summary>Called when the credit or the wish to drain changed.</summary>
    protected virtual void OnCredit()
    {
    }

    /// <summary>Sends what is there.</summary>
    /// <returns>Whether nothing more is there, for a drain.</returns>
    protected abstract bool SendNext();

    protected override void OnEnd(bool isClean) => _rest = [];

    /// <summary>Sends a delivery; only after <see cref="CanSend"/>.</summary>
    /// <param name="tag">Names it.</param>
    /// <param name="payload">The encoded message.</param>
    /// <param name="lockToken">To settle it by; null: it is settled.</param>
    protected void Send(byte[] tag, ReadOnlySpan<byte> payload, Guid? lockToken)
    {
        _deliveryCount++;
        Credit--;
        var transfer = new Transfer
        {
            Handle = Handle,
            DeliveryId = Session.NextDelivery(this, lockToken),
            DeliveryTag = tag,
            MessageFormat = 0,
            Settled = lockToken is null,
        };
        Continue(payload[Session.WriteTransfer(transfer, payload)..]);
    }

    private void SendRest()
    {
        if (_rest.Length > 0 && Session.HasWindow)
        {
            var rest = _rest;
            _rest = [];
            Continue(rest);
        }
    }

    private void Continue(ReadOnlySpan<byte> payload)
    {
        while (payload.Length > 0 && Session.HasWindow)
        {
            payload = payload[Session.WriteTransfer(new Transfer { Handle = Handle }, payload)..];
        }
        if (payload.Length > 0)
        {
            _rest = payload.ToArray();
        }
    }

    private void WriteFlow(bool isDrain) => Session.WriteFlow(new Flow
    {
        Handle = Handle,
        DeliveryCount = _deliveryCount,
        LinkCredit = Credit,
        Drain = isDrain,
    });
}
