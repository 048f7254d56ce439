using System.Reflection;

namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>The ends of lines: modifiers in brackets, constraints of generic parameters, <c>[Obsolete]</c>.</summary>
internal static class Suffixes
{
    /// <summary>How the member can be reached and inherited, such as <c>[protected virtual]</c>.</summary>
    public static string Modifiers(MethodBase method)
    {
        // Members of an interface are abstract by nature and a delegate's Invoke is virtual by nature: the lists say neither.
        var implied = method.DeclaringType!.IsInterface || TypeLine.IsDelegate(method.DeclaringType);
        return InBrackets(Visibility.Keyword(method), method.IsStatic ? "static" : implied ? "" : Inheritance(method));
    }

    public static string Modifiers(FieldInfo field) =>
        InBrackets(
            Visibility.Keyword(field),
            field.IsLiteral ? "const" : field.IsStatic ? "static" : "",
            field.IsInitOnly ? "readonly" : "");

    /// <summary>The <c>where</c> clauses of a generic method.</summary>
    public static string Constraints(MethodBase method) =>
        method.IsGenericMethod ? string.Concat(method.GetGenericArguments().Select(Constraints)) : "";

    public static string Obsolete(MemberInfo member) => member.Has("System.ObsoleteAttribute") ? " [Obsolete]" : "";

    /// <summary>Reads attributes as data: neither their constructors run nor need their assemblies load.</summary>
    public static bool Has(this MemberInfo member, string attribute) =>
        member.GetCustomAttributesData().Any(data => data.AttributeType.FullName == attribute);

    private static string Inheritance(MethodBase method)
    {
        // A member that takes over a slot overrides; one that is final in a slot of its own only implements an interface.
        var overrides = method.IsVirtual && !method.Attributes.HasFlag(MethodAttributes.NewSlot);
        return (method.IsAbstract, overrides, method.IsVirtual, method.IsFinal) switch
        {
            (true, true, _, _) => "abstract override",
            (true, false, _, _) => "abstract",
            (_, true, _, true) => "sealed override",
            (_, true, _, false) => "override",
            (_, _, true, false) => "virtual",
            _ => "",
        };
    }

    private static string Constraints(Type parameter)
    {
        var special = parameter.GenericParameterAttributes;
        var isStruct = special.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        List<string> constraints = [];
        if (special.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            constraints.Add("class");
        }
        else if (isStruct)
        {
            constraints.Add("struct");
        }

        // `struct` is written as a constraint on ValueType and on the constructor too.
        var types = parameter.GetGenericParameterConstraints().Where(type => type.FullName != "System.ValueType");
        constraints.AddRange(types.Select(TypeNames.Of));
        if (!isStruct && special.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
        {
            constraints.Add("new()");
        }

        return constraints.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", constraints)}";
    }

    private static string InBrackets(params string[] words)
    {
        var text = string.Join(' ', words.Where(word => word.Length > 0));
        return text.Length == 0 ? "" : $" [{text}]";
    }
}
