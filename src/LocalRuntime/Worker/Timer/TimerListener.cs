using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Timer;

/// <summary>Runs the timer functions. A function never overlaps itself; an occurrence that it missed runs late, once.</summary>
internal sealed class TimerListener(FunctionCatalog catalog, FunctionInvoker invoker, TimeProvider time) : TriggerListener
{
    /// <summary>Timers cannot be set further ahead than about 49 days; longer waits are cut into pieces of this length.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(30);

    protected override Task ListenAsync(CancellationToken stop)
        => Task.WhenAll(catalog.With<TimerTrigger>().Select(timer => RunAsync(timer.Function, timer.Trigger, stop)));

    private async Task RunAsync(Function function, TimerTrigger trigger, CancellationToken stop)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var status = new ScheduleStatus { Next = trigger.Schedule.Next(now), LastUpdated = now };
        try
        {
            if (trigger.RunOnStartup)
            {
                await FireAsync(function, status, isPastDue: false, stop);
            }

            while (true)
            {
                await DelayUntilAsync(status.Next, stop);
                now = time.GetUtcNow().UtcDateTime;
                var isPastDue = trigger.Schedule.Next(status.Next) <= now;
                status = new ScheduleStatus { Last = status.Next, Next = trigger.Schedule.Next(now), LastUpdated = now };
                await FireAsync(function, status, isPastDue, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task FireAsync(Function function, ScheduleStatus status, bool isPastDue, CancellationToken stop)
    {
        try
        {
            // Not on the thread that starts the host or moves the clock.
            await Task.Run(
                () => invoker.InvokeAsync(
                    function, new TimerTriggerData(new TimerInfo { ScheduleStatus = status, IsPastDue = isPastDue }), stop),
                CancellationToken.None);
        }
        catch (Exception)
        {
            // The invoker has logged it; the next occurrence is another try.
        }
    }

    private async Task DelayUntilAsync(DateTime due, CancellationToken stop)
    {
        while (due - time.GetUtcNow().UtcDateTime is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < LongestDelay ? left : LongestDelay, time, stop);
        }
    }
}
