using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Timer;

/// <summary>One occurrence of a schedule.</summary>
internal sealed class TimerTriggerData(TimerInfo info) : TriggerData
{
    public TimerInfo Info => info;

    public override string Reason => "Timer fired";
}
