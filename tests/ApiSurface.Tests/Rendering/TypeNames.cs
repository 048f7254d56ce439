namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>Writes types the way the API lists do: full names, C# keywords, <c>T?</c> for <see cref="Nullable{T}"/> alone.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<string, string> Keywords = new()
    {
        ["System.Boolean"] = "bool",
        ["System.Byte"] = "byte",
        ["System.Char"] = "char",
        ["System.Decimal"] = "decimal",
        ["System.Double"] = "double",
        ["System.Int16"] = "short",
        ["System.Int32"] = "int",
        ["System.Int64"] = "long",
        ["System.Object"] = "object",
        ["System.SByte"] = "sbyte",
        ["System.Single"] = "float",
        ["System.String"] = "string",
        ["System.UInt16"] = "ushort",
        ["System.UInt32"] = "uint",
        ["System.UInt64"] = "ulong",
        ["System.Void"] = "void",
    };

    /// <summary>The name of a type where it is used: generic parameters appear as their arguments.</summary>
    public static string Of(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.IsByRef)
        {
            return Of(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition().FullName == "System.Nullable`1")
        {
            return Of(type.GetGenericArguments()[0]) + "?";
        }

        return type.FullName is { } name && Keywords.TryGetValue(name, out var keyword) ? keyword : Qualified(type);
    }

    /// <summary>Generic parameters or arguments in angle brackets, or nothing.</summary>
    public static string TypeArguments(IReadOnlyCollection<Type> arguments) =>
        arguments.Count == 0 ? "" : $"<{string.Join(", ", arguments.Select(Of))}>";

    private static string Qualified(Type type)
    {
        // A nested type repeats the parameters of its outer types first, so each level takes its share of the arguments.
        var levels = new Stack<Type>();
        for (var level = type; level is not null; level = level.DeclaringType)
        {
            levels.Push(level);
        }

        var arguments = type.GetGenericArguments();
        var taken = 0;
        var names = new List<string>();
        foreach (var level in levels)
        {
            var upTo = level.GetGenericArguments().Length;
            names.Add(level.Name.Split('`')[0] + TypeArguments(arguments[taken..upTo]));
            taken = upTo;
        }

        var name = string.Join('.', names);
        return string.IsNullOrEmpty(type.Namespace) ? name : $"{type.Namespace}.{name}";
    }
}
