using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Timer;

/// <summary>Runs the timer functions. A function never overlaps itself; an occurrence that it missed runs late, once.</summary>
internal sealed class TimerListener(FunctionCatalog catalog, FunctionInvoker invoker, TimeProvider time) : BackgroundService
{
    /// <summary>Timers cannot be set further ahead than about 49 days; longer waits are cut into pieces of this length.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Task.WhenAll(catalog.With<TimerTrigger>().Select(timer => RunAsync(timer.Function, timer.Trigger, stoppingToken)));

    private async Task RunAsync(Function function, TimerTrigger trigger, CancellationToken stoppingToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var status = new ScheduleStatus { Next = trigger.Schedule.Next(now), LastUpdated = now };
        try
        {
            if (trigger.RunOnStartup)
            {
                await FireAsync(function, status, isPastDue: false, stoppingToken);
            }

            while (true)
            {
                await DelayUntilAsync(status.Next, stoppingToken);
                now = time.GetUtcNow().UtcDateTime;
                var isPastDue = trigger.Schedule.Next(status.Next) <= now;
                status = new ScheduleStatus { Last = status.Next, Next = trigger.Schedule.Next(now), LastUpdated = now };
                await FireAsync(function, status, isPastDue, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task FireAsync(Function function, ScheduleStatus status, bool isPastDue, CancellationToken stoppingToken)
    {
        try
        {
            await invoker.InvokeAsync(
                function, new TimerTriggerData(new TimerInfo { ScheduleStatus = status, IsPastDue = isPastDue }), stoppingToken);
        }
        catch (Exception)
        {
            // The invoker has logged it; the next occurrence is another try.
        }
    }

    private async Task DelayUntilAsync(DateTime due, CancellationToken stoppingToken)
    {
        while (due - time.GetUtcNow().UtcDateTime is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < LongestDelay ? left : LongestDelay, time, stoppingToken);
        }
    }
}
