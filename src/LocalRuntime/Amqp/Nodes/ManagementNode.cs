using System.Net;
using Amqp.Types;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <summary><c>{entity}/$management</c>: what clients do with a queue that is neither sending nor receiving.</summary>
internal sealed partial class ManagementNode(AmqpConnection connection, BrokerQueue queue, SubQueue part) : IRequestNode
{
    private const string Namespace = "com.microsoft:";

    public Task<Reply> AnswerAsync(AmqpConnection _, Request request)
    {
        var arguments = new Arguments(request.Body as Map ?? [], request.Operation);
        return request.Operation switch
        {
            Namespace + "renew-lock" => RenewLocksAsync(arguments),
            Namespace + "receive-by-sequence-number" => ReceiveDeferredAsync(arguments),
            Namespace + "update-disposition" => SettleAsync(arguments, request.Transaction),
            Namespace + "peek-message" => PeekAsync(arguments),
            Namespace + "schedule-message" => ScheduleAsync(arguments, request),
            Namespace + "cancel-scheduled-message" => CancelScheduledAsync(arguments, request),
            Namespace + "renew-session-lock" => RenewSessionLockAsync(arguments),
            Namespace + "get-session-state" => GetSessionStateAsync(arguments),
            Namespace + "set-session-state" => SetSessionStateAsync(arguments, request.Transaction),
            Namespace + "get-message-sessions" => GetSessionsAsync(arguments),
            _ => throw new AmqpRefusal(AmqpConditions.NotImplemented, $"The operation '{request.Operation}' is not supported by this endpoint."),
        };
    }

    public Reply Failure(Exception exception)
    {
        connection.ErrorOf(exception);
        var condition = AmqpConditions.Of(exception);
        return new Reply(
            new Map
            {
                ["statusCode"] = AmqpConditions.StatusOf(condition),
                ["statusDescription"] = AmqpConditions.MessageOf(exception),
                ["errorCondition"] = new Symbol(condition),
            },
            Body: null);
    }

    private static Reply Success(Map? body, HttpStatusCode status = HttpStatusCode.OK) => new(
        new Map { ["statusCode"] = (int)status, ["statusDescription"] = status.ToString() },
        body ?? []);

    /// <summary>Where the request is about: the queue or its dead letters, or the session that it names.</summary>
    private ReceiveSource Source(Arguments arguments)
        => arguments.OptionalText("session-id") is { } session && part == SubQueue.None
            ? new(SubQueue.None, Held(session))
            : new(part, Session: null);

    /// <summary>The hold on a session that a link of this connection has.</summary>
    private SessionLease Held(string sessionId)
    {
        lock (connection.Gate)
        {
            return connection.Links
                .OfType<SessionOutgoingLink>()
                .Where(link => link.Queue == queue && !link.IsDetached)
                .Select(static link => link.Lease)
                .FirstOrDefault(lease => lease?.SessionId == sessionId)
                ?? throw BrokerErrors.SessionLockLost(queue.Name, sessionId);
        }
    }

    private static ServiceBusReceiveMode ModeOf(Arguments arguments)
        => arguments.Number("receiver-settle-mode", 1) == 0 ? ServiceBusReceiveMode.ReceiveAndDelete : ServiceBusReceiveMode.PeekLock;
}
