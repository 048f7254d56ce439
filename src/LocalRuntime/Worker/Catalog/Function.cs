using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.LocalRuntime.Worker.Invocation;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>Reads one argument of a function from the invocation.</summary>
internal delegate object? ParameterBinder(InvocationContext context);

/// <summary>A function of the app, ready to be invoked: nothing is looked up by reflection any more.</summary>
internal sealed class Function : FunctionDefinition
{
    private readonly MethodInfo _method;
    private readonly FunctionMethod _compiled;
    private readonly ParameterBinder[] _binders;

    public Function(string name, MethodInfo method, ITrigger trigger, ParameterBinder[] binders, IReadOnlyList<BindingMetadata> inputs)
    {
        Name = name;
        Trigger = trigger;
        _method = method;
        _compiled = FunctionMethod.Compile(method);
        _binders = binders;
        Parameters = [.. method.GetParameters().Select(static p => new FunctionParameter(p.Name!, p.ParameterType))];
        InputBindings = inputs.ToImmutableDictionary(static binding => binding.Name);
    }

    public ITrigger Trigger { get; }

    public override string Name { get; }

    /// <summary>Names are unique in an app, so the name is the id.</summary>
    public override string Id => Name;

    public override string EntryPoint => $"{_method.DeclaringType!.FullName}.{_method.Name}";

    public override string PathToAssembly => _method.DeclaringType!.Assembly.Location;

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;

    /// <summary>Makes the function's object, binds its arguments and calls it; the end of the middleware pipeline.</summary>
    public async Task CallAsync(InvocationContext context)
    {
        var arguments = new object?[_binders.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = _binders[i](context);
        }

        var result = await _compiled.CallAsync(context.InstanceServices, arguments);
        context.GetInvocationResult().Value = result;
    }
}
