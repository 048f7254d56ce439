using System.Globalization;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>What the broker refuses, with the reasons and exception types of the service's own clients.</summary>
internal static class BrokerErrors
{
    public static ServiceBusException MessageLockLost(string queue) => new(
        "The lock of the message is lost: it expired, or the message was settled already. It is delivered again if it is still there.",
        ServiceBusFailureReason.MessageLockLost,
        queue);

    public static ServiceBusException SessionLockLost(string queue, string sessionId) => new(
        $"The lock of the session '{sessionId}' is lost: it expired or was let go. Accept the session again.",
        ServiceBusFailureReason.SessionLockLost,
        queue);

    public static ServiceBusException SessionCannotBeLocked(string queue, string sessionId) => new(
        $"The session '{sessionId}' cannot be accepted: another receiver holds it.",
        ServiceBusFailureReason.SessionCannotBeLocked,
        queue);

    public static ServiceBusException NoSessionInTime(string queue, TimeSpan waited) => new(
        string.Create(CultureInfo.InvariantCulture, $"No session with messages became free within {waited}."),
        ServiceBusFailureReason.ServiceTimeout,
        queue);

    public static ServiceBusException MessageNotFound(string queue, long sequenceNumber, string state) => new(
        string.Create(CultureInfo.InvariantCulture, $"There is no {state} message with the sequence number {sequenceNumber}."),
        ServiceBusFailureReason.MessageNotFound,
        queue);

    public static ServiceBusException TooLarge(string queue, string what, long bytes, long maxBytes) => new(
        string.Create(CultureInfo.InvariantCulture, $"The {what} has {bytes} bytes, which is over the limit of {maxBytes} bytes."),
        ServiceBusFailureReason.MessageSizeExceeded,
        queue);

    public static ServiceBusException QueueFull(string queue, long maxBytes) => new(
        string.Create(
            CultureInfo.InvariantCulture, $"The queue is full: its messages may have {maxBytes} bytes together. Receive from it first."),
        ServiceBusFailureReason.QuotaExceeded,
        queue);

    public static ServiceBusException MessageInTransaction(string queue) => new(
        "The lock of the message is lost: a transaction has settled the message and has not ended yet.",
        ServiceBusFailureReason.MessageLockLost,
        queue);

    public static ServiceBusException TransactionTooLarge(string queue) => new(
        string.Create(
            CultureInfo.InvariantCulture, $"Cannot send more than {BrokerLimits.MaxTransactionMessages} messages in a single transaction."),
        ServiceBusFailureReason.QuotaExceeded,
        queue);

    public static ServiceBusException NoSuchTransaction() => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"The transaction was not declared, or is over: committed, rolled back, or {BrokerLimits.TransactionTimeout} after its first operation."),
        ServiceBusFailureReason.GeneralError);

    public static InvalidOperationException TransactionSpansEntities(string one, string other) => new(
        $"Local transactions cannot span multiple entities: this one began on '{one}', and '{other}' is another. Send through the first " +
        "entity by setting EnableCrossEntityTransactions on the client, and settle messages of that entity only.");

    public static ServiceBusException Stopped(string queue) => new(
        "The broker of this namespace has stopped.",
        ServiceBusFailureReason.ServiceCommunicationProblem,
        queue);

    public static InvalidOperationException HandsOn(QueueDefinition definition, SubQueue part) => new(
        definition.Kind == EntityKind.Topic && part == SubQueue.None
            ? $"'{definition.Name}' is a topic: receive from one of its subscriptions."
            : $"'{new QueuePath(definition.Name, part)}' forwards its messages to " +
                $"'{(part == SubQueue.None ? definition.ForwardTo : definition.ForwardDeadLetteredMessagesTo)}': receive them there.");

    public static InvalidOperationException NotASendTarget(string subscription) => new(
        $"'{subscription}' is a subscription: send to its topic '{QueuePath.TopLevelOf(subscription)}'.");

    public static InvalidOperationException NoSessionId(string queue) => new(
        $"The queue '{queue}' requires sessions, and the message has no SessionId. Set one.");

    public static InvalidOperationException NeedsSession(string queue) => new(
        $"The queue '{queue}' requires sessions: receive from it with AcceptSessionAsync or AcceptNextSessionAsync.");

    public static InvalidOperationException HasNoSessions(string queue) => new(
        $"The queue '{queue}' has no sessions: receive from it with CreateReceiver.");
}
