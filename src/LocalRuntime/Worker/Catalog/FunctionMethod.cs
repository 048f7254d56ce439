using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>A function's method, compiled once to a delegate: arguments as an array, the result as an object.</summary>
internal sealed class FunctionMethod
{
    private readonly ObjectFactory? _createInstance;
    private readonly Func<object?, object?[], Task<object?>> _call;

    private FunctionMethod(ObjectFactory? createInstance, Func<object?, object?[], Task<object?>> call)
    {
        _createInstance = createInstance;
        _call = call;
    }

    public static FunctionMethod Compile(MethodInfo method)
    {
        var createInstance = method.IsStatic ? null : ActivatorUtilities.CreateFactory(method.DeclaringType!, Type.EmptyTypes);
        var instance = Expression.Parameter(typeof(object), "instance");
        var arguments = Expression.Parameter(typeof(object?[]), "arguments");
        var call = Expression.Call(
            method.IsStatic ? null : Expression.Convert(instance, method.DeclaringType!),
            method,
            method.GetParameters().Select((parameter, i) =>
                Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), parameter.ParameterType)));
        var body = ToTaskOfObject(call);
        return new FunctionMethod(
            createInstance, Expression.Lambda<Func<object?, object?[], Task<object?>>>(body, instance, arguments).Compile());
    }

    /// <summary>Makes an object of the function's class for this one call, unless the method is static, and calls it.</summary>
    public async Task<object?> CallAsync(IServiceProvider services, object?[] arguments)
    {
        if (_createInstance is null)
        {
            return await _call(null, arguments);
        }

        var instance = _createInstance(services, null);
        try
        {
            return await _call(instance, arguments);
        }
        finally
        {
            switch (instance)
            {
                case IAsyncDisposable asyncDisposable:
                    await asyncDisposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }

    private static Expression ToTaskOfObject(MethodCallExpression call)
    {
        var type = call.Type;
        if (type == typeof(void))
        {
            return Expression.Block(call, Expression.Constant(Task.FromResult<object?>(null)));
        }

        if (type == typeof(Task) || type == typeof(ValueTask))
        {
            return Expression.Call(typeof(FunctionMethod), nameof(Await), [], call);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() is var open
            && (open == typeof(Task<>) || open == typeof(ValueTask<>)))
        {
            return Expression.Call(typeof(FunctionMethod), nameof(Await), type.GetGenericArguments(), call);
        }

        return Expression.Call(
            typeof(Task), nameof(Task.FromResult), [typeof(object)], Expression.Convert(call, typeof(object)));
    }

    private static async Task<object?> Await(Task task)
    {
        await task;
        return null;
    }

    private static async Task<object?> Await(ValueTask task)
    {
        await task;
        return null;
    }

    private static async Task<object?> Await<T>(Task<T> task) => await task;

    private static async Task<object?> Await<T>(ValueTask<T> task) => await task;
}
