using System.Reflection;

namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>What code outside the assembly can see: public and protected, not <c>private protected</c>.</summary>
internal static class Visibility
{
    public static bool IsVisible(this Type type) =>
        type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && type.DeclaringType!.IsVisible());

    public static bool IsVisible(this MethodBase? method) =>
        method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    public static bool IsVisible(this FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    /// <summary>The keyword of a member that is not public, or nothing.</summary>
    public static string Keyword(MethodBase method) =>
        method.IsPublic ? "" : method.IsFamilyOrAssembly ? "protected internal" : "protected";

    public static string Keyword(FieldInfo field) =>
        field.IsPublic ? "" : field.IsFamilyOrAssembly ? "protected internal" : "protected";
}
