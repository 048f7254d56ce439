using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>Finds the orchestrator functions of an assembly.</summary>
internal static class OrchestratorFunctions
{
    private static readonly IServiceProvider NoServices = new ServiceCollection().BuildServiceProvider();

    private static readonly MethodInfo GetInput = typeof(TaskOrchestrationContext).GetMethod(nameof(TaskOrchestrationContext.GetInput))!;

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Func<TaskOrchestrationContext, Task<object?>> Find(Assembly app, string name)
    {
        var functions = FunctionTypes.InAssembly(app).Methods
            .Select(method => (Method: method, Name: NameOf(method)))
            .Where(function => function.Name is not null)
            .ToList();
        var found = functions.Find(function => string.Equals(function.Name, name, StringComparison.OrdinalIgnoreCase)).Method
            ?? throw new ArgumentException(
                $"{app.GetName().Name} has no orchestrator function named '{name}'. It has: "
                + string.Join(", ", functions.Select(function => function.Name).Order(StringComparer.Ordinal)),
                nameof(app));
        var parameters = found.GetParameters();
        var call = FunctionMethod.Compile(found);
        return context => call.CallAsync(NoServices, [.. parameters.Select(parameter => Argument(parameter, context))]);
    }

    private static string? NameOf(MethodInfo method)
        => method.GetParameters().Select(parameter => parameter.GetCustomAttribute<OrchestrationTriggerAttribute>())
            .FirstOrDefault(trigger => trigger is not null) is { } found
            ? found.Orchestration ?? method.GetCustomAttribute<FunctionAttribute>()!.Name
            : null;

    /// <summary>Beside its context an orchestrator function may take its input, and its invocation, which a replay of a kept history has not.</summary>
    private static object? Argument(ParameterInfo parameter, TaskOrchestrationContext context)
        => parameter.ParameterType.IsInstanceOfType(context) ? context
            : parameter.ParameterType == typeof(FunctionContext) ? null
            : GetInput.MakeGenericMethod(parameter.ParameterType).Invoke(context, null);
}
