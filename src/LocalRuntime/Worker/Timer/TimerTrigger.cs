using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Worker.Timer;

/// <summary>A timer trigger: a schedule, and whether it also runs when the host starts.</summary>
internal sealed class TimerTrigger(TimerTriggerAttribute attribute, IConfiguration configuration, string where) : ITrigger
{
    public Schedule Schedule { get; } = Schedule.Parse(SettingName.Resolve(attribute.Schedule, configuration, where), where);

    public bool RunOnStartup => attribute.RunOnStartup;

    public string BindingType => "timerTrigger";

    public ParameterBinder? BindParameter(ParameterInfo parameter, bool isTriggerParameter)
        => isTriggerParameter && parameter.ParameterType == typeof(TimerInfo)
            ? static context => ((TimerTriggerData)context.Trigger).Info
            : null;
}
