using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using ModelJobs.LocalRuntime.Worker.Http;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>All functions of the app, checked and compiled once, at the start.</summary>
internal sealed class FunctionCatalog
{
    /// <exception cref="FunctionWorkerException">A function cannot run as it is declared; the message says which and why.</exception>
    public FunctionCatalog(FunctionTypes types, TriggerFactory triggers, InputBinders inputs)
    {
        var functions = new Dictionary<string, Function>(StringComparer.OrdinalIgnoreCase);
        foreach (var method in types.Methods)
        {
            var function = Declare(method, triggers, inputs);
            if (!functions.TryAdd(function.Name, function))
            {
                throw new FunctionWorkerException(
                    $"Two functions are named '{function.Name}': {functions[function.Name].EntryPoint} and {function.EntryPoint}. " +
                    "Names must be unique, whatever their case.");
            }
        }

        Functions = [.. functions.Values];
    }

    public IReadOnlyList<Function> Functions { get; }

    /// <summary>The functions with triggers of one kind.</summary>
    public IEnumerable<(Function Function, TTrigger Trigger)> With<TTrigger>()
        where TTrigger : ITrigger
        => Functions.Where(static f => f.Trigger is TTrigger).Select(static f => (f, (TTrigger)f.Trigger));

    private static Function Declare(MethodInfo method, TriggerFactory triggers, InputBinders inputs)
    {
        var name = method.GetCustomAttribute<FunctionAttribute>()!.Name;
        var where = $"Function '{name}' ({method.DeclaringType!.FullName}.{method.Name})";
        if (!method.IsPublic)
        {
            throw new FunctionWorkerException($"{where} is not public. The host finds public methods only.");
        }

        if (method.ContainsGenericParameters || (method.DeclaringType.IsAbstract && !method.IsStatic))
        {
            throw new FunctionWorkerException($"{where} is generic, or its class is generic or abstract, so the host cannot call it.");
        }

        var parameters = method.GetParameters();
        var triggerParameters = parameters.Where(static p => p.IsDefined(typeof(TriggerBindingAttribute))).ToArray();
        if (triggerParameters is not [var triggerParameter])
        {
            throw new FunctionWorkerException(
                $"{where} has {triggerParameters.Length} parameters with a trigger; it must have exactly one.");
        }

        var trigger = triggers.Create(name, where, triggerParameter);
        var binders = Array.ConvertAll(parameters, parameter =>
            trigger.BindParameter(parameter, parameter == triggerParameter)
            ?? (parameter == triggerParameter ? null : inputs.Bind(parameter))
            ?? throw new FunctionWorkerException(
                $"{where}: parameter '{parameter.Name}' of type {parameter.ParameterType} cannot be bound with a {trigger.BindingType}."));
        return new Function(name, method, trigger, binders, [.. BindingsOf(parameters, triggerParameter, trigger)]);
    }

    /// <summary>The bindings that Azure's metadata has.</summary>
    private static IEnumerable<BindingMetadata> BindingsOf(ParameterInfo[] parameters, ParameterInfo triggerParameter, ITrigger trigger)
    {
        yield return new DeclaredBinding(triggerParameter.Name!, trigger.BindingType, BindingDirection.In);
        foreach (var client in parameters.Where(static p => p.IsDefined(typeof(DurableClientAttribute))))
        {
            yield return new DeclaredBinding(client.Name!, "durableClient", BindingDirection.In);
        }

        // Whatever a function with an HTTP trigger returns, void too.
        if (trigger is HttpTrigger)
        {
            yield return new DeclaredBinding("$return", "http", BindingDirection.Out);
        }
    }

    private sealed class DeclaredBinding(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => direction;
    }
}
