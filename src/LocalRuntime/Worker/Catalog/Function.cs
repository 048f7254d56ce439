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
    private readonly bool _wrapsFaults;

    public Function(string name, MethodInfo method, ITrigger trigger, ParameterBinder[] binders, IReadOnlyList<BindingMetadata> bindings)
    {
        Name = name;
        Trigger = trigger;
        _method = method;
        _compiled = FunctionMethod.Compile(method);
        _binders = binders;
        _wrapsFaults = !method.DeclaringType!.IsVisible && method.ReturnType.IsAssignableTo(typeof(Task));
        Parameters = [.. method.GetParameters().Select(static p => new FunctionParameter(p.Name!, p.ParameterType))];
        InputBindings = Toward(BindingDirection.In);
        OutputBindings = Toward(BindingDirection.Out);

        IImmutableDictionary<string, BindingMetadata> Toward(BindingDirection direction)
            => bindings.Where(binding => binding.Direction == direction).ToImmutableDictionary(static binding => binding.Name);
    }

    public ITrigger Trigger { get; }

    public override string Name { get; }

    /// <summary>Names are unique in an app, so the name is the id.</summary>
    public override string Id => Name;

    public override string EntryPoint => $"{_method.DeclaringType!.FullName}.{_method.Name}";

    public override string PathToAssembly => _method.DeclaringType!.Assembly.Location;

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    /// <summary>Makes the function's object, binds its arguments and calls it; the end of the middleware pipeline.</summary>
    public async Task CallAsync(InvocationContext context)
    {
        var arguments = new object?[_binders.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = _binders[i](context);
        }

        try
        {
            context.GetInvocationResult().Value = await _compiled.CallAsync(context.InstanceServices, arguments);
        }
        catch (Exception thrown) when (_wrapsFaults)
        {
            // As on Azure, where the worker's generated code cannot name a class that is not public, and what then calls the function
            // reads Task.Result.
            throw new AggregateException(thrown);
        }
    }
}
