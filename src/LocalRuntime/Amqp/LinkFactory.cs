using Amqp.Framing;
using Amqp.Transactions;
using ModelJobs.LocalRuntime.Amqp.Nodes;
using ModelJobs.LocalRuntime.Amqp.Security;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>Finds what a client's attach is for.</summary>
internal static class LinkFactory
{
    private const string ClaimsNode = "$cbs";
    private const string ManagementSuffix = "/$management";

    /// <exception cref="AmqpRefusal">There is nothing at the address, or it is not for this client.</exception>
    /// <exception cref="Azure.Messaging.ServiceBus.ServiceBusException">There is no such queue.</exception>
    public static AmqpLink Create(AmqpSession session, Attach attach)
    {
        if (attach.Target is Coordinator)
        {
            throw new AmqpRefusal(AmqpConditions.NotImplemented, "Transactions are not supported by this endpoint.");
        }
        var source = attach.Source as Source;
        var address = attach.Role ? source?.Address : (attach.Target as Target)?.Address;
        if (string.IsNullOrEmpty(address))
        {
            throw new AmqpRefusal(AmqpConditions.InvalidField, "An attach must name an address: a queue's.");
        }
        var path = Claim.PathOf(address);
        if (path.Equals(ClaimsNode, StringComparison.OrdinalIgnoreCase))
        {
            return attach.Role ? new ReplyLink(session, attach, path, path: null) : new RequestLink(session, attach, path, path: null, new ClaimsNode());
        }
        session.Connection.ThrowUnlessAllowed(path);
        return path.EndsWith(ManagementSuffix, StringComparison.OrdinalIgnoreCase)
            ? CreateForManagement(session, attach, path)
            : attach.Role ? CreateOutgoing(session, attach, source!, path) : CreateIncoming(session, attach, path);
    }

    private static AmqpLink CreateForManagement(AmqpSession session, Attach attach, string path)
    {
        var entity = QueuePath.Parse(path[..^ManagementSuffix.Length]);
        var queue = session.Connection.Broker.Find(entity.Queue);
        return attach.Role
            ? new ReplyLink(session, attach, path, path)
            : new RequestLink(session, attach, path, path, new ManagementNode(session.Connection, queue, entity.IsDeadLetter));
    }

    private static QueueIncomingLink CreateIncoming(AmqpSession session, Attach attach, string path)
    {
        var entity = QueuePath.Parse(path);
        return entity.IsDeadLetter
            ? throw new AmqpRefusal(AmqpConditions.NotAllowed, $"'{entity}' is a dead-letter queue: messages cannot be sent to it.")
            : new QueueIncomingLink(session, attach, path, session.Connection.Broker.Find(entity.Queue));
    }

    private static QueueOutgoingLink CreateOutgoing(AmqpSession session, Attach attach, Source source, string path)
    {
        var entity = QueuePath.Parse(path);
        var queue = session.Connection.Broker.Find(entity.Queue);
        var wantsSession = source.FilterSet?.ContainsKey(SessionOutgoingLink.Filter) == true;
        var hasSessions = queue.Definition.RequiresSession && !entity.IsDeadLetter;
        return (wantsSession, hasSessions) switch
        {
            (true, true) => new SessionOutgoingLink(session, attach, source, path, queue),
            (true, false) => throw BrokerErrors.HasNoSessions(entity.ToString()),
            (false, true) => throw BrokerErrors.NeedsSession(queue.Name),
            (false, false) => new QueueOutgoingLink(session, attach, path, queue, entity.IsDeadLetter),
        };
    }
}
