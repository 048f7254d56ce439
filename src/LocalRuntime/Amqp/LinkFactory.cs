using Amqp.Framing;
using Amqp.Transactions;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Nodes;
using ModelJobs.LocalRuntime.Amqp.Security;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>Finds what a client's attach is for.</summary>
internal static class LinkFactory
{
    private const string ClaimsNode = "$cbs";
    private const string ManagementSuffix = "/$management";
    private static readonly Symbol Destination = new("com.microsoft:transfer-destination-address");

    /// <exception cref="AmqpRefusal">There is nothing at the address, or it is not for this client.</exception>
    /// <exception cref="Azure.Messaging.ServiceBus.ServiceBusException">There is no such queue.</exception>
    public static AmqpLink Create(AmqpSession session, Attach attach)
    {
        if (attach.Target is Coordinator)
        {
            return new CoordinatorLink(session, attach);
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
        var isManagement = path.EndsWith(ManagementSuffix, StringComparison.OrdinalIgnoreCase);
        session.Via ??= QueuePath.Parse(isManagement ? path[..^ManagementSuffix.Length] : path).Queue;
        return isManagement
            ? CreateForManagement(session, attach, path)
            : attach.Role ? CreateOutgoing(session, attach, source!, path) : CreateIncoming(session, attach, path);
    }

    private static AmqpLink CreateForManagement(AmqpSession session, Attach attach, string path)
    {
        var entity = QueuePath.Parse(path[..^ManagementSuffix.Length]);
        var queue = session.Connection.Broker.Find(entity.Queue);
        return attach.Role
            ? new ReplyLink(session, attach, path, path)
            : new RequestLink(session, attach, path, path, new ManagementNode(session.Connection, queue, entity.Part));
    }

    private static QueueIncomingLink CreateIncoming(AmqpSession session, Attach attach, string path)
    {
        var via = session.Via;
        if (attach.Properties?[Destination] is string destination)
        {
            // Older clients say so: the address is where the transaction is; the messages go on from there.
            via = path;
            path = Claim.PathOf(destination);
            session.Connection.ThrowUnlessAllowed(path);
        }
        var entity = QueuePath.Parse(path);
        var queue = session.Connection.Broker.Find(entity.Queue);
        if (entity.IsDeadLetter)
        {
            throw new AmqpRefusal(AmqpConditions.NotAllowed, $"'{entity}' is a dead-letter queue: messages cannot be sent to it.");
        }
        return queue.Definition.Kind == EntityKind.Subscription
            ? throw BrokerErrors.NotASendTarget(queue.Name)
            : new QueueIncomingLink(session, attach, path, queue, via);
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
            (false, false) => new QueueOutgoingLink(session, attach, path, queue, entity.Part),
        };
    }
}
