using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>What every pump works with.</summary>
/// <param name="Function">The function that it feeds.</param>
/// <param name="Trigger">Its trigger.</param>
/// <param name="Client">The client of the trigger's connection.</param>
/// <param name="Dispatcher">Runs the function and settles.</param>
/// <param name="Options">The limits of host.json.</param>
/// <param name="DeliveryDelay">How long received messages are on their way.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Where to tell what goes wrong.</param>
internal sealed record PumpContext(
    Function Function,
    ServiceBusTrigger Trigger,
    ServiceBusClient Client,
    MessageDispatcher Dispatcher,
    ServiceBusHostOptions Options,
    TimeSpan DeliveryDelay,
    TimeProvider Time,
    ServiceBusListenerLog Log)
{
    public ReceiveLoop Loop => new(Function.Name, Trigger.Queue, Log, Time);

    /// <summary>Lets the time pass that received messages are on their way.</summary>
    /// <returns>Whether they have arrived: not if <paramref name="stop"/> was set meanwhile, and they are left to their locks.</returns>
    public async ValueTask<bool> ArriveAsync(CancellationToken stop)
    {
        if (DeliveryDelay > TimeSpan.Zero)
        {
            await Task.Delay(DeliveryDelay, Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return !stop.IsCancellationRequested || DeliveryDelay == TimeSpan.Zero;
    }

    public ServiceBusReceiver CreateReceiver()
        => Client.CreateReceiver(Trigger.Queue, new ServiceBusReceiverOptions { PrefetchCount = Options.PrefetchCount });

    public Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(CancellationToken cancellationToken)
        => Client.AcceptNextSessionAsync(
            Trigger.Queue, new ServiceBusSessionReceiverOptions { PrefetchCount = Options.PrefetchCount }, cancellationToken);

    public LockRenewal RenewMessageLock(ServiceBusReceiver receiver, ServiceBusReceivedMessage message)
        => new(
            message.LockedUntil,
            Options.MaxAutoLockRenewalDuration,
            async cancellationToken =>
            {
                await receiver.RenewMessageLockAsync(message, cancellationToken);
                return message.LockedUntil;
            },
            exception => Log.LockLost(Function.Name, $"message {message.MessageId}", exception),
            Time);

    public LockRenewal RenewSessionLock(ServiceBusSessionReceiver receiver, Action onLost)
        => new(
            receiver.SessionLockedUntil,
            Options.MaxAutoLockRenewalDuration,
            async cancellationToken =>
            {
                await receiver.RenewSessionLockAsync(cancellationToken);
                return receiver.SessionLockedUntil;
            },
            exception =>
            {
                onLost();
                Log.LockLost(Function.Name, $"session {receiver.SessionId}", exception);
            },
            Time);
}
