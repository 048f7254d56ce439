using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>
/// Runs a function on received messages and settles what it left, as the real host does: complete after success if the trigger
/// auto-completes, abandon after an exception in any case, otherwise leave the message to its lock.
/// </summary>
internal sealed class MessageDispatcher(
    Function function, bool autoComplete, FunctionInvoker invoker, ServiceBusListenerLog log, CancellationToken cancelInvocations)
{
    /// <summary>Never throws: what goes wrong is logged, and the message comes again.</summary>
    public async Task DispatchAsync(
        IReadOnlyList<ServiceBusReceivedMessage> messages, ServiceBusReceiver receiver, ServiceBusSessionMessageActions? session)
    {
        var actions = new ServiceBusMessageActions(receiver);
        bool succeeded;
        try
        {
            await invoker.InvokeAsync(function, new ServiceBusTriggerData(messages, actions, session), cancelInvocations);
            succeeded = true;
        }
        catch (Exception)
        {
            // The invoker has logged it.
            succeeded = false;
        }

        if (succeeded && !autoComplete)
        {
            return;
        }

        foreach (var message in messages)
        {
            if (!actions.IsSettled(message))
            {
                await SettleAsync(message, actions, succeeded);
            }
        }
    }

    private async Task SettleAsync(ServiceBusReceivedMessage message, ServiceBusMessageActions actions, bool succeeded)
    {
        try
        {
            await (succeeded ? actions.CompleteMessageAsync(message) : actions.AbandonMessageAsync(message));
        }
        catch (Exception exception)
        {
            log.SettlementFailed(function.Name, message.MessageId, exception);
        }
    }
}
