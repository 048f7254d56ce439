using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>
/// Feeds a function from a queue with sessions: <c>maxConcurrentSessions</c> sessions side by side, the messages of each one after
/// another. A session is given back when it is empty for <c>sessionIdleTimeout</c>, or when the function releases it.
/// </summary>
internal sealed class SessionPump(PumpContext context) : IMessagePump
{
    public Task RunAsync(CancellationToken stop)
        => Task.WhenAll(Enumerable.Range(0, context.Trigger.IsBatched ? 1 : context.Options.MaxConcurrentSessions)
            .Select(_ => Task.Run(() => context.Loop.RunAsync(ServeSessionAsync, stop), CancellationToken.None)));

    private async Task ServeSessionAsync(CancellationToken stop)
    {
        await using var receiver = await context.AcceptNextSessionAsync(stop);
        var isLost = false;
        await using var renewal = context.RenewSessionLock(receiver, () => Volatile.Write(ref isLost, true));
        while (!Volatile.Read(ref isLost) && await ReceiveAsync(receiver, stop) is { Count: > 0 } messages && await context.ArriveAsync(stop))
        {
            var session = new ServiceBusSessionMessageActions(receiver);
            await context.Dispatcher.DispatchAsync(messages, receiver, session);
            if (session.IsReleaseRequested)
            {
                break;
            }
        }
    }

    /// <returns>Empty if the session stayed empty for the idle time-out, or is locked no more.</returns>
    private async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveAsync(ServiceBusSessionReceiver receiver, CancellationToken stop)
    {
        try
        {
            return await receiver.ReceiveMessagesAsync(
                context.Trigger.IsBatched ? context.Options.MaxMessageBatchSize : 1, context.Options.SessionIdleTimeout, stop);
        }
        catch (ServiceBusException exception) when (exception.Reason == ServiceBusFailureReason.SessionLockLost)
        {
            return [];
        }
    }
}
