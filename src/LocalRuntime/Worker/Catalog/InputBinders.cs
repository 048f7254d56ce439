using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>Binds what every function may ask for, whatever its trigger: its context, its token, a durable client.</summary>
internal sealed class InputBinders(Lazy<DurableTaskClient> durableClient)
{
    /// <returns>Null if functions cannot have a parameter of this type.</returns>
    public ParameterBinder? Bind(ParameterInfo parameter)
    {
        if (parameter.IsDefined(typeof(DurableClientAttribute)))
        {
            return parameter.ParameterType == typeof(DurableTaskClient) ? _ => durableClient.Value : null;
        }

        if (parameter.ParameterType == typeof(FunctionContext))
        {
            return static context => context;
        }

        return parameter.ParameterType == typeof(CancellationToken) ? static context => context.CancellationToken : null;
    }
}
