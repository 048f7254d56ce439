using System.Linq.Expressions;
using System.Reflection;
using Microsoft.DurableTask;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Durable;

/// <summary>An orchestrator. Beside its context it may take its input as a parameter of any name.</summary>
internal sealed class OrchestrationTrigger(string name) : ITrigger
{
    public string Name => name;

    public string BindingType => "orchestrationTrigger";

    public ParameterBinder? BindParameter(ParameterInfo parameter, bool isTriggerParameter)
    {
        if (isTriggerParameter)
        {
            return parameter.ParameterType == typeof(TaskOrchestrationContext) ? static context => Orchestration(context) : null;
        }

        // Types with a meaning of their own are not the input.
        return parameter.ParameterType.Namespace!.StartsWith("Microsoft.", StringComparison.Ordinal)
            || parameter.ParameterType == typeof(CancellationToken)
            ? null
            : ReadInput(parameter.ParameterType);
    }

    private static TaskOrchestrationContext Orchestration(InvocationContext context)
        => ((OrchestrationTriggerData)context.Trigger).Orchestration;

    private static ParameterBinder ReadInput(Type type)
    {
        var orchestration = Expression.Parameter(typeof(TaskOrchestrationContext), "orchestration");
        var getInput = typeof(TaskOrchestrationContext).GetMethod(nameof(TaskOrchestrationContext.GetInput))!.MakeGenericMethod(type);
        var read = Expression.Lambda<Func<TaskOrchestrationContext, object?>>(
            Expression.Convert(Expression.Call(orchestration, getInput), typeof(object)), orchestration).Compile();
        return context => read(Orchestration(context));
    }
}

/// <summary>One replay of an orchestrator.</summary>
internal sealed class OrchestrationTriggerData(TaskOrchestrationContext orchestration) : TriggerData
{
    public TaskOrchestrationContext Orchestration => orchestration;

    // No span: a replay has no end of its own. The orchestrator's context names the trace all the same.
    public override string? TraceParent => (orchestration as ReplayContext)?.Trace?.TraceParent;

    public override string? TraceState => (orchestration as ReplayContext)?.Trace?.TraceState;

    public override string Reason => $"orchestration {orchestration.InstanceId}";
}
