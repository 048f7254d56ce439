using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>Delivers messages to orchestrations a second time, and crashes between their steps.</summary>
internal sealed class RepeatedMessages(OrchestrationEngine engine, FaultInjector faults) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        engine.Changed += OnChanged;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        engine.Changed -= OnChanged;
        return Task.CompletedTask;
    }

    private void OnChanged(HubChange change)
    {
        switch (change)
        {
            case InstanceCreated:
                _ = PassWhenWrittenAsync(CrashPoint.StartAfter);
                break;
            case TurnCommitted:
                _ = PassWhenWrittenAsync(CrashPoint.TurnAfter);
                break;
            case ActivityFinished finished:
                MayRepeat(finished, $"{finished.Key.InstanceId}/{finished.Key.TaskId}");
                break;
            case TimerElapsed elapsed:
                MayRepeat(elapsed, $"{elapsed.InstanceId}/{elapsed.TaskId}");
                break;
            case MessageSent sent:
                MayRepeat(sent, $"{sent.InstanceId}/{sent.Message.GetType().Name}");
                break;
        }
    }

    private async Task PassWhenWrittenAsync(CrashPoint point)
    {
        await engine.Written;
        faults.TryCrash(point);
    }

    private void MayRepeat(HubChange change, string subject)
    {
        if (faults.Strikes(FaultKind.MessageRepeated, subject))
        {
            _ = RepeatAsync(change, faults.Span(FaultKind.MessageRepeated, subject, FaultProfile.MaxDelay));
        }
    }

    private async Task RepeatAsync(HubChange change, TimeSpan after)
    {
        // Never at once: the engine is in the middle of the first.
        await Task.Yield();
        await Task.Delay(after, faults.Time);
        if (!faults.IsDead)
        {
            engine.Change(_ => [change]);
        }
    }
}
