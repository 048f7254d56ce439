using System.Reflection;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Durable;

/// <summary>An activity. Beside its input it may take the id of the orchestration that called it, as <c>string instanceId</c>.</summary>
internal sealed class ActivityTrigger(string name) : ITrigger
{
    public string Name => name;

    public string BindingType => "activityTrigger";

    public ParameterBinder? BindParameter(ParameterInfo parameter, bool isTriggerParameter)
    {
        var type = parameter.ParameterType;
        if (isTriggerParameter)
        {
            return context => ((ActivityTriggerData)context.Trigger).ReadInput(type);
        }

        return type == typeof(string) && string.Equals(parameter.Name, "instanceId", StringComparison.OrdinalIgnoreCase)
            ? static context => ((ActivityTriggerData)context.Trigger).InstanceId
            : null;
    }
}

/// <summary>One call of an activity, its input as JSON.</summary>
internal sealed class ActivityTriggerData(string instanceId, string? input, DistributedTraceContext? trace, DataConverter converter) : TriggerData
{
    public string InstanceId => instanceId;

    public override string? TraceParent => trace?.TraceParent;

    public override string? TraceState => trace?.TraceState;

    public override string Reason => $"orchestration {instanceId}";

    public override IReadOnlyDictionary<string, object?> BindingData => new Dictionary<string, object?> { ["instanceId"] = instanceId };

    /// <returns>Null, or a value type's default, if the activity was called without input.</returns>
    public object? ReadInput(Type type)
        => input is null && type.IsValueType ? Activator.CreateInstance(type) : converter.Deserialize(input, type);
}
