using System.Globalization;

namespace Azure.Messaging.ServiceBus;

/// <summary>An operation that the broker refused or could not do; <see cref="Reason"/> says why.</summary>
public class ServiceBusException : Exception
{
    public ServiceBusException()
    {
    }

    public ServiceBusException(
        bool isTransient,
        string message,
        string? entityName = null,
        ServiceBusFailureReason reason = ServiceBusFailureReason.GeneralError,
        Exception? innerException = null)
        : base(message, innerException)
    {
        IsTransient = isTransient;
        EntityPath = entityName;
        Reason = reason;
    }

    public ServiceBusException(
        string message,
        ServiceBusFailureReason reason,
        string? entityPath = null,
        Exception? innerException = null)
        : this(MayPass(reason), message, entityPath, reason, innerException)
    {
    }

    /// <summary>Whether the same operation may succeed when it is tried again.</summary>
    public bool IsTransient { get; }

    public ServiceBusFailureReason Reason { get; }

    public string? EntityPath { get; }

    public override string Message => string.IsNullOrEmpty(EntityPath)
        ? string.Create(CultureInfo.InvariantCulture, $"{base.Message} ({Reason})")
        : string.Create(CultureInfo.InvariantCulture, $"{base.Message} ({EntityPath} - {Reason})");

    private static bool MayPass(ServiceBusFailureReason reason) => reason
        is ServiceBusFailureReason.ServiceBusy
        or ServiceBusFailureReason.ServiceTimeout
        or ServiceBusFailureReason.ServiceCommunicationProblem;
}
