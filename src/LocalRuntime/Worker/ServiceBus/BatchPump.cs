using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>
/// Feeds a function that takes many messages at once from a queue without sessions: one batch at a time, as the real host does.
/// </summary>
internal sealed class BatchPump(PumpContext context) : IMessagePump
{
    public async Task RunAsync(CancellationToken stop)
    {
        await using var receiver = context.CreateReceiver();
        await context.Loop.RunAsync(
            async cancellationToken =>
            {
                var messages = await receiver.ReceiveMessagesAsync(
                    context.Options.MaxMessageBatchSize, maxWaitTime: null, cancellationToken);
                if (messages.Count > 0 && await context.ArriveAsync(cancellationToken))
                {
                    await ProcessAsync(receiver, messages);
                }
            },
            stop);
    }

    private async Task ProcessAsync(ServiceBusReceiver receiver, IReadOnlyList<ServiceBusReceivedMessage> messages)
    {
        var renewals = messages.Select(message => context.RenewMessageLock(receiver, message)).ToArray();
        try
        {
            await context.Dispatcher.DispatchAsync(messages, receiver, session: null);
        }
        finally
        {
            foreach (var renewal in renewals)
            {
                await renewal.DisposeAsync();
            }
        }
    }
}
