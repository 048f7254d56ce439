using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>What Service Bus triggers log beside their invocations.</summary>
internal sealed partial class ServiceBusListenerLog(ILogger<ServiceBusListenerLog> logger)
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Function}' could not settle message {MessageId}; it will be delivered again")]
    public partial void SettlementFailed(string function, string messageId, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Function}' lost the lock of {Locked}")]
    public partial void LockLost(string function, string locked, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "'{Function}' cannot receive from {Queue}; it tries again in {Delay}")]
    public partial void ReceiveFailed(string function, string queue, TimeSpan delay, Exception exception);
}
