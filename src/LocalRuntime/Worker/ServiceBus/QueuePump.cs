using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>
/// Feeds a function that takes single messages of a queue without sessions, <c>maxConcurrentCalls</c> at a time. It asks for as many
/// messages as there are free places, so that no received message waits while its lock runs.
/// </summary>
internal sealed class QueuePump(PumpContext context) : IMessagePump
{
    public async Task RunAsync(CancellationToken stop)
    {
        await using var receiver = context.CreateReceiver();
        var places = context.Options.MaxConcurrentCalls;
        using var free = new SemaphoreSlim(places);
        await context.Loop.RunAsync(cancellationToken => ReceiveAsync(receiver, free, cancellationToken), stop);
        for (var ended = 0; ended < places; ended++)
        {
            await free.WaitAsync(CancellationToken.None);
        }
    }

    private async Task ReceiveAsync(ServiceBusReceiver receiver, SemaphoreSlim free, CancellationToken stop)
    {
        await free.WaitAsync(stop);
        var taken = 1;
        while (free.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            taken++;
        }

        var used = 0;
        try
        {
            var messages = await receiver.ReceiveMessagesAsync(taken, maxWaitTime: null, stop);
            used = messages.Count;
            foreach (var message in messages)
            {
                _ = Task.Run(() => ProcessAsync(receiver, message, free, stop), CancellationToken.None);
            }
        }
        finally
        {
            if (taken > used)
            {
                free.Release(taken - used);
            }
        }
    }

    private async Task ProcessAsync(ServiceBusReceiver receiver, ServiceBusReceivedMessage message, SemaphoreSlim free, CancellationToken stop)
    {
        try
        {
            await using var renewal = context.RenewMessageLock(receiver, message);
            if (await context.ArriveAsync(stop))
            {
                await context.Dispatcher.DispatchAsync([message], receiver, session: null);
            }
        }
        finally
        {
            free.Release();
        }
    }
}
