using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>Repeats a step of receiving until the host stops, and waits longer after each failure in a row.</summary>
internal sealed class ReceiveLoop(string functionName, string queue, ServiceBusListenerLog log, TimeProvider time)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    /// <summary>Ends without an exception when <paramref name="stop"/> is set.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> step, CancellationToken stop)
    {
        var delay = FirstDelay;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await step(stop);
                delay = FirstDelay;
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (ServiceBusException exception) when (exception.Reason == ServiceBusFailureReason.ServiceTimeout)
            {
                // Nothing came in the time that the client waits.
            }
            catch (Exception exception)
            {
                log.ReceiveFailed(functionName, queue, delay, exception);
                await Task.Delay(delay, time, stop).ContinueWith(
                    static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
    }
}
