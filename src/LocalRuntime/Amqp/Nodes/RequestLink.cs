using Amqp.Framing;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <summary>A link that brings a node requests.</summary>
internal sealed class RequestLink(AmqpSession session, Attach attach, string address, string? path, IRequestNode node)
    : IncomingLink(session, attach, path, AmqpLimits.MaxRequestBytes)
{
    protected override void Deliver(IncomingDelivery delivery, DeliveryState? state)
    {
        Request request;
        try
        {
            request = Request.Read(delivery.Bytes) with { Transaction = Connection.Transactions.Of(state), Via = Session.Via };
        }
        catch (AmqpRefusal refusal)
        {
            Answer(delivery, new Rejected { Error = AmqpConditions.ErrorOf(refusal) });
            return;
        }
        _ = AnswerAsync(delivery with { Bytes = default }, request, state);
    }

    private async Task AnswerAsync(IncomingDelivery delivery, Request request, DeliveryState? state)
    {
        Reply reply;
        try
        {
            reply = await node.AnswerAsync(Connection, request).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            reply = node.Failure(exception);
        }
        Connection.Enter(() =>
        {
            Answer(delivery, Outcomes.Within(state, new Accepted()));
            ReplyLinkFor(request)?.Reply(reply.Encode(request));
        });
    }

    /// <summary>
    /// The link that the answer goes to. Clients name its target's address, or the link itself, or neither; the names are theirs, so
    /// they are looked for on their own connection only.
    /// </summary>
    private ReplyLink? ReplyLinkFor(Request request)
    {
        var links = Connection.Links.OfType<ReplyLink>()
            .Where(link => !link.IsDetached && link.Address.Equals(address, StringComparison.OrdinalIgnoreCase))
            .ToList();
        return links.Find(link => request.ReplyTo is { } name && (link.ReplyAddress == name || link.Name == name))
            ?? links.Find(link => link.Session == Session)
            ?? links.FirstOrDefault();
    }
}

/// <summary>A link that brings a client the answers of a node.</summary>
internal sealed class ReplyLink(AmqpSession session, Attach attach, string address, string? path) : OutgoingLink(session, attach, path)
{
    private readonly Queue<ArraySegment<byte>> _replies = new();
    private uint _sent;

    /// <summary>The node.</summary>
    public string Address => address;

    /// <summary>What the client calls its end of the link.</summary>
    public string? ReplyAddress { get; } = (attach.Target as Target)?.Address;

    public override void Attach() => WriteAttach(new Attach { Source = Asked.Source, Target = Asked.Target });

    public void Reply(ArraySegment<byte> message)
    {
        if (_replies.Count >= AmqpLimits.MaxUnsentReplies)
        {
            Detach(AmqpConditions.ErrorOf(
                AmqpConditions.ResourceLimitExceeded, "Too many answers wait: give the link credit before asking for more."));
            return;
        }
        _replies.Enqueue(message);
        Pump();
    }

    protected override bool SendNext()
    {
        while (_replies.Count > 0 && CanSend)
        {
            Send(BitConverter.GetBytes(_sent++), _replies.Dequeue(), lockToken: null);
        }
        return _replies.Count == 0 || Credit == 0;
    }

    protected override void OnEnd(bool isClean)
    {
        base.OnEnd(isClean);
        _replies.Clear();
    }
}
