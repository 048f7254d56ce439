using System.Reflection;

namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>
/// What a type shows outside its assembly, one line each in the format of the API lists:
/// <c>T</c> the type itself, <c>M</c> methods and constructors, <c>P</c> properties, <c>F</c> fields and enum members, <c>E</c> events.
/// Nullability annotations and attributes other than <c>[Obsolete]</c> are not part of a line.
/// </summary>
internal static class Surface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The lines of one type; nested types have lines of their own.</summary>
    public static IEnumerable<string> Of(Type type)
    {
        yield return TypeLine.Of(type);
        var members = type switch
        {
            { IsEnum: true } => EnumMembers(type),
            _ when TypeLine.IsDelegate(type) => [Method(type.GetMethod("Invoke")!)],
            _ => Members(type),
        };
        foreach (var line in members)
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Members(Type type) =>
    [
        .. type.GetConstructors(Declared).Where(Visibility.IsVisible).Where(constructor => !constructor.IsStatic).Select(Constructor),
        .. type.GetMethods(Declared).Where(Visibility.IsVisible).Where(IsWritten).Select(Method),
        .. type.GetProperties(Declared).Where(property => Accessors(property).Any()).Select(Property),
        .. type.GetFields(Declared).Where(Visibility.IsVisible).Select(Field),
        .. type.GetEvents(Declared).Where(@event => @event.AddMethod.IsVisible()).Select(Event),
    ];

    // Accessors belong to their property or event; <Clone>$ and its like cannot be called from C#.
    private static bool IsWritten(MethodInfo method) =>
        !method.Name.Contains('<') && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal));

    private static string Constructor(ConstructorInfo constructor) =>
        $"M {Owner(constructor)}..ctor({Parameters.Of(constructor)}) -> void"
        + $"{Suffixes.Modifiers(constructor)}{Suffixes.Obsolete(constructor)}";

    private static string Method(MethodInfo method) =>
        $"M {Owner(method)}.{method.Name}{TypeNames.TypeArguments(method.GetGenericArguments())}({Parameters.Of(method)})"
        + $" -> {TypeNames.Of(method.ReturnType)}{Suffixes.Modifiers(method)}{Suffixes.Constraints(method)}{Suffixes.Obsolete(method)}";

    private static string Property(PropertyInfo property)
    {
        var widest = Accessors(property).MaxBy(accessor => accessor.IsPublic ? 2 : accessor.IsFamilyOrAssembly ? 1 : 0)!;
        var index = property.GetIndexParameters();
        var name = index.Length == 0 ? property.Name : $"this[{string.Join(", ", index.Select(Parameters.Text))}]";
        var accessors = string.Concat(Accessors(property).Select(accessor => Accessor(accessor, widest, accessor == property.GetMethod)));
        return $"P {Owner(property)}.{name} : {TypeNames.Of(property.PropertyType)} {{{accessors}}}"
            + $"{Suffixes.Modifiers(widest)}{Suffixes.Obsolete(property)}";
    }

    private static IEnumerable<MethodInfo> Accessors(PropertyInfo property) =>
        new[] { property.GetMethod, property.SetMethod }.OfType<MethodInfo>().Where(accessor => accessor.IsVisible());

    private static string Accessor(MethodInfo accessor, MethodInfo widest, bool isGet)
    {
        var own = Visibility.Keyword(accessor);
        var narrower = own.Length > 0 && own != Visibility.Keyword(widest) ? own + " " : "";
        var init = accessor.ReturnParameter.GetRequiredCustomModifiers()
            .Any(modifier => modifier.FullName == "System.Runtime.CompilerServices.IsExternalInit");
        return $"{narrower}{(isGet ? "get" : init ? "init" : "set")};";
    }

    private static string Field(FieldInfo field)
    {
        var value = field.IsLiteral ? $" = {Parameters.Constant(field.FieldType, field.GetRawConstantValue())}" : "";
        return $"F {Owner(field)}.{field.Name}{value} : {TypeNames.Of(field.FieldType)}"
            + $"{Suffixes.Modifiers(field)}{Suffixes.Obsolete(field)}";
    }

    // The lists do not mark obsolete enum members.
    private static IEnumerable<string> EnumMembers(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(member => $"F {Owner(member)}.{member.Name} = {member.GetRawConstantValue()} : {TypeNames.Of(type)}");

    private static string Event(EventInfo @event) =>
        $"E {Owner(@event)}.{@event.Name} : {TypeNames.Of(@event.EventHandlerType!)}"
        + $"{Suffixes.Modifiers(@event.AddMethod!)}{Suffixes.Obsolete(@event)}";

    private static string Owner(MemberInfo member) => TypeNames.Of(member.DeclaringType!);
}
