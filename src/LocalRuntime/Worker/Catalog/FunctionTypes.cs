using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>The classes in which functions are looked for. Tests put in their own before the app is built.</summary>
internal sealed record FunctionTypes(IReadOnlyList<Type> Types)
{
    /// <summary>All classes of the app's assembly that have functions.</summary>
    public static FunctionTypes InAssembly(Assembly assembly)
        => new([.. assembly.GetTypes().Where(static type => type.IsClass && FunctionsOf(type).Any())]);

    public IEnumerable<MethodInfo> Methods => Types.SelectMany(FunctionsOf);

    private static IEnumerable<MethodInfo> FunctionsOf(Type type)
        => type.GetMethods(
                BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(static method => method.IsDefined(typeof(FunctionAttribute), inherit: false));
}
