using System.Globalization;
using System.Reflection;

namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>Writes parameter lists: <c>this</c>, <c>params</c>, <c>ref</c>, <c>out</c>, <c>in</c>, type, name and default.</summary>
internal static class Parameters
{
    public static string Of(MethodBase method)
    {
        var texts = method.GetParameters().Select(Text).ToArray();
        if (texts.Length > 0 && method.Has("System.Runtime.CompilerServices.ExtensionAttribute"))
        {
            texts[0] = "this " + texts[0];
        }

        return string.Join(", ", texts);
    }

    public static string Text(ParameterInfo parameter) =>
        $"{Mode(parameter)}{TypeNames.Of(parameter.ParameterType)} {parameter.Name}{Default(parameter)}";

    /// <summary>A constant as C# source; enum members carry the short name of their type.</summary>
    public static string Constant(Type type, object? value)
    {
        if (value is null)
        {
            return CanBeNull(type) ? "null" : "default";
        }

        var underlying = Underlying(type);
        if (underlying.IsEnum)
        {
            return EnumMember(underlying, value);
        }

        return value switch
        {
            string text => $"\"{text}\"",
            char letter => $"'{letter}'",
            bool truth => truth ? "true" : "false",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }

    private static string Mode(ParameterInfo parameter)
    {
        if (parameter.ParameterType.IsByRef)
        {
            return parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        }

        var isParams = parameter.GetCustomAttributesData().Any(data =>
            data.AttributeType.FullName is "System.ParamArrayAttribute" or "System.Runtime.CompilerServices.ParamCollectionAttribute");
        return isParams ? "params " : "";
    }

    private static string Default(ParameterInfo parameter) =>
        parameter.HasDefaultValue ? $" = {Constant(parameter.ParameterType, parameter.RawDefaultValue)}" : "";

    // The lists write a generic parameter's default as null too.
    private static bool CanBeNull(Type type) => !type.IsValueType || Underlying(type) != type;

    private static Type Underlying(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition().FullName == "System.Nullable`1" ? type.GetGenericArguments()[0] : type;

    private static string EnumMember(Type type, object value)
    {
        var number = Number(value);
        var members = type.GetFields(BindingFlags.Public | BindingFlags.Static);
        var member = members.FirstOrDefault(field => Number(field.GetRawConstantValue()!) == number);
        return member is null ? number.ToString(CultureInfo.InvariantCulture) : $"{type.Name}.{member.Name}";
    }

    // A default arrives as a number or, from a loaded enum, as the member itself.
    private static long Number(object value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
