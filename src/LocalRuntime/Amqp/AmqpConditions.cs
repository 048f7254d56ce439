using System.Net;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>Error conditions, and which of the broker's errors are told as which: clients turn them back into their failure reasons.</summary>
internal static class AmqpConditions
{
    public const string InternalError = "amqp:internal-error";
    public const string NotFound = "amqp:not-found";
    public const string UnauthorizedAccess = "amqp:unauthorized-access";
    public const string DecodeError = "amqp:decode-error";
    public const string ResourceLimitExceeded = "amqp:resource-limit-exceeded";
    public const string NotAllowed = "amqp:not-allowed";
    public const string InvalidField = "amqp:invalid-field";
    public const string NotImplemented = "amqp:not-implemented";
    public const string ConnectionForced = "amqp:connection:forced";
    public const string FramingError = "amqp:connection:framing-error";
    public const string UnattachedHandle = "amqp:session:unattached-handle";
    public const string HandleInUse = "amqp:session:handle-in-use";
    public const string TransferLimitExceeded = "amqp:link:transfer-limit-exceeded";
    public const string MessageSizeExceeded = "amqp:link:message-size-exceeded";
    public const string TransactionUnknownId = "amqp:transaction:unknown-id";
    public const string TransactionRollback = "amqp:transaction:rollback";
    public const string ArgumentError = "com.microsoft:argument-error";
    public const string Timeout = "com.microsoft:timeout";
    public const string ServerBusy = "com.microsoft:server-busy";
    public const string MessageLockLost = "com.microsoft:message-lock-lost";
    public const string SessionLockLost = "com.microsoft:session-lock-lost";
    public const string MessageNotFound = "com.microsoft:message-not-found";
    public const string SessionCannotBeLocked = "com.microsoft:session-cannot-be-locked";
    public const string EntityDisabled = "com.microsoft:entity-disabled";

    /// <summary>The condition of an error of the broker or of the endpoint.</summary>
    public static string Of(Exception exception) => exception switch
    {
        AmqpRefusal refusal => refusal.Condition,
        ServiceBusException { Reason: var reason } => reason switch
        {
            ServiceBusFailureReason.MessagingEntityNotFound => NotFound,
            ServiceBusFailureReason.MessageLockLost => MessageLockLost,
            ServiceBusFailureReason.MessageNotFound => MessageNotFound,
            ServiceBusFailureReason.MessageSizeExceeded => MessageSizeExceeded,
            ServiceBusFailureReason.MessagingEntityDisabled => EntityDisabled,
            ServiceBusFailureReason.QuotaExceeded => ResourceLimitExceeded,
            ServiceBusFailureReason.ServiceBusy => ServerBusy,
            ServiceBusFailureReason.ServiceTimeout => Timeout,
            ServiceBusFailureReason.SessionCannotBeLocked => SessionCannotBeLocked,
            ServiceBusFailureReason.SessionLockLost => SessionLockLost,
            _ => InternalError,
        },
        InvalidOperationException => NotAllowed,
        ArgumentException => ArgumentError,
        _ => InternalError,
    };

    public static Error ErrorOf(Exception exception) => ErrorOf(Of(exception), MessageOf(exception));

    public static Error ErrorOf(string condition, string message) => new(new Symbol(condition)) { Description = message };

    /// <summary>Whether nobody foresaw it.</summary>
    public static bool IsDefect(Exception exception) => Of(exception) == InternalError && exception is not ServiceBusException;

    /// <summary>The status code that a management answer with an error condition has.</summary>
    public static int StatusOf(string condition) => (int)(condition switch
    {
        NotFound or MessageNotFound => HttpStatusCode.NotFound,
        MessageLockLost or SessionLockLost => HttpStatusCode.Gone,
        UnauthorizedAccess => HttpStatusCode.Unauthorized,
        Timeout => HttpStatusCode.RequestTimeout,
        ServerBusy => HttpStatusCode.ServiceUnavailable,
        NotImplemented => HttpStatusCode.NotImplemented,
        SessionCannotBeLocked => HttpStatusCode.Conflict,
        ResourceLimitExceeded or EntityDisabled => HttpStatusCode.Forbidden,
        InternalError => HttpStatusCode.InternalServerError,
        _ => HttpStatusCode.BadRequest,
    });

    /// <summary>What the client is told. A defect of ours is logged, not told.</summary>
    public static string MessageOf(Exception exception) => IsDefect(exception)
        ? "The endpoint failed; its log says why."
        : exception is ServiceBusException { Reason: ServiceBusFailureReason.MessagingEntityNotFound, EntityPath: var entity }
            // Some clients know an unknown entity by these words alone.
            ? $"The messaging entity '{entity}' could not be found. {exception.Message}"
            : exception.Message;
}
