using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Worker.Durable;
using ModelJobs.LocalRuntime.Worker.Http;
using ModelJobs.LocalRuntime.Worker.ServiceBus;
using ModelJobs.LocalRuntime.Worker.Timer;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>Makes the trigger that a parameter's attribute describes.</summary>
internal sealed class TriggerFactory(IConfiguration configuration, HostJson host, bool usesAspNetCore)
{
    /// <param name="functionName">The function's name.</param>
    /// <param name="where">The function as error messages name it.</param>
    /// <param name="parameter">The parameter with the trigger attribute.</param>
    public ITrigger Create(string functionName, string where, ParameterInfo parameter)
        => parameter.GetCustomAttribute<TriggerBindingAttribute>() switch
        {
            HttpTriggerAttribute http when usesAspNetCore => new HttpTrigger(http, functionName, where),
            HttpTriggerAttribute => throw new FunctionWorkerException(
                $"{where} has an HTTP trigger: call ConfigureFunctionsWebApplication() on the builder."),
            ServiceBusTriggerAttribute bus => ServiceBusTrigger.Create(bus, parameter, configuration, host.ServiceBus, where),
            TimerTriggerAttribute timer => new TimerTrigger(timer, configuration, where),
            OrchestrationTriggerAttribute orchestration => new OrchestrationTrigger(orchestration.Orchestration ?? functionName),
            ActivityTriggerAttribute activity => new ActivityTrigger(activity.Activity ?? functionName),
            var other => throw new FunctionWorkerException($"{where}: trigger {other?.GetType().Name} is not supported."),
        };
}
