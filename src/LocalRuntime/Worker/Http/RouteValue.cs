using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>Reads a segment of a path as the type of the parameter that it is bound to.</summary>
internal static class RouteValue
{
    /// <summary>A parser for a type of parameter.</summary>
    /// <returns>Null if route values cannot be of this type. The parser throws <see cref="BadHttpRequestException"/> (400).</returns>
    public static Func<string, string, object>? ParserFor(Type type)
        => (Nullable.GetUnderlyingType(type) ?? type) switch
        {
            var t when t == typeof(string) => static (_, text) => text,
            var t when t == typeof(int) => static (name, text) =>
                int.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(name, text, "a whole number"),
            var t when t == typeof(long) => static (name, text) =>
                long.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(name, text, "a whole number"),
            var t when t == typeof(bool) => static (name, text) =>
                bool.TryParse(text, out var value) ? value : throw Wrong(name, text, "true or false"),
            var t when t == typeof(Guid) => static (name, text) =>
                Guid.TryParse(text, out var value) ? value : throw Wrong(name, text, "a GUID"),
            _ => null,
        };

    private static BadHttpRequestException Wrong(string name, string text, string expected)
        => new($"'{text}' is not {expected}, which '{name}' in the path must be.");
}
