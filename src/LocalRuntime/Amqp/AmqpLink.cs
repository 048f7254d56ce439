using Amqp.Framing;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>One direction between a client and an address.</summary>
internal abstract class AmqpLink
{
    private readonly Attach _attach;
    private bool _isOver;

    protected AmqpLink(AmqpSession session, Attach attach, string? path)
    {
        Session = session;
        _attach = attach;
        Path = path;
    }

    public AmqpSession Session { get; }

    public AmqpConnection Connection => Session.Connection;

    public string Name => _attach.LinkName;

    public uint Handle => _attach.Handle;

    /// <summary>The entity that the client must be allowed to use for as long as the link lasts; null: none.</summary>
    public string? Path { get; }

    /// <summary>Whether our detach is sent: nothing comes or goes any more.</summary>
    public bool IsDetached { get; private set; }

    /// <summary>Whether our attach is sent.</summary>
    protected bool IsAttached { get; private set; }

    /// <summary>What the client asked for.</summary>
    protected Attach Asked => _attach;

    /// <summary>Answers the client's attach, at once or later.</summary>
    public abstract void Attach();

    public abstract void OnFlow(Flow flow);

    /// <summary>Lets go of what the link has; it is not used any more.</summary>
    /// <param name="isClean">Whether the client closed it; else it is lost.</param>
    public void End(bool isClean)
    {
        IsDetached = true;
        LetGo(isClean);
    }

    /// <summary>Ends the link with an error, which the client's user sees.</summary>
    public void Detach(Error error)
    {
        if (IsDetached)
        {
            return;
        }
        if (!IsAttached)
        {
            // An attach without the address that was asked for announces a refusal.
            WriteAttach(new Attach { Source = _attach.Role ? null : _attach.Source, Target = _attach.Role ? _attach.Target : null });
        }
        IsDetached = true;
        Session.Write(new Detach { Handle = Handle, Closed = true, Error = error });
        LetGo(isClean: true);
    }

    public void Detach(Exception exception) => Detach(Connection.ErrorOf(exception));

    /// <summary>Called once.</summary>
    protected abstract void OnEnd(bool isClean);

    /// <summary>Sends our attach: what the client asked for, and in <paramref name="answer"/> what is particular to the link.</summary>
    protected void WriteAttach(Attach answer)
    {
        IsAttached = true;
        answer.LinkName = Name;
        answer.Handle = Handle;
        answer.Role = !_attach.Role;
        answer.SndSettleMode = _attach.SndSettleMode;
        answer.RcvSettleMode = _attach.RcvSettleMode;
        answer.MaxMessageSize = AmqpLimits.MaxDeliveryBytes;
        if (_attach.Role)
        {
            // We send.
            answer.InitialDeliveryCount = 0;
        }
        // Some clients look at the last field without asking whether it came.
        answer.Properties ??= [];
        Session.Write(answer);
    }

    private void LetGo(bool isClean)
    {
        if (!_isOver)
        {
            _isOver = true;
            OnEnd(isClean);
        }
    }
}

/// <summary>A link that cannot be had, until the client has heard so.</summary>
internal sealed class RefusedLink(AmqpSession session, Attach attach, Exception reason) : AmqpLink(session, attach, path: null)
{
    public override void Attach() => Detach(reason);

    public override void OnFlow(Flow flow)
    {
    }

    protected override void OnEnd(bool isClean)
    {
    }
}
