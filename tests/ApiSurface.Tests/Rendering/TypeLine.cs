using System.Reflection;

namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>The <c>T</c> line of a type: its kind, its name, its base class and the interfaces that the base class lacks.</summary>
internal static class TypeLine
{
    public static string Of(Type type)
    {
        var name = $"T {Kind(type)} {TypeNames.Of(type)}";
        if (IsDelegate(type))
        {
            return name + Suffixes.Obsolete(type);
        }

        var parents = type.IsEnum ? [TypeNames.Of(type.GetEnumUnderlyingType())] : Parents(type).ToList();
        return (parents.Count == 0 ? name : $"{name} : {string.Join(", ", parents)}") + Suffixes.Obsolete(type);
    }

    public static bool IsDelegate(Type type) => type.BaseType?.FullName == "System.MulticastDelegate";

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        _ when IsDelegate(type) => "delegate",
        { IsValueType: true } => type.Has("System.Runtime.CompilerServices.IsReadOnlyAttribute") ? "readonly struct" : "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => (type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") + (IsRecord(type) ? "record" : "class"),
    };

    // Every record class has this copy method, and no other type can: the name is not one that C# accepts.
    private static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$", BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly) is not null;

    private static IEnumerable<string> Parents(Type type)
    {
        var baseType = type.IsValueType || type.BaseType?.FullName == "System.Object" ? null : type.BaseType;
        var inherited = baseType?.GetInterfaces() ?? [];
        var own = type.GetInterfaces().Where(candidate => candidate.IsVisible() && !inherited.Contains(candidate)).Select(TypeNames.Of);
        return (baseType is null ? [] : new[] { TypeNames.Of(baseType) }).Concat(own.Order(StringComparer.Ordinal));
    }
}
