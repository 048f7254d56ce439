using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ModelJobs.Functions;

/// <summary>
/// Binds a section of settings as the binder does, but refuses a name that nobody knows, which the binder would pass over, and names the
/// setting whose value is wrong.
/// </summary>
internal static class StrictSettings
{
    /// <summary>Binds a section to an object whose properties are the settings.</summary>
    /// <param name="section">The section.</param>
    /// <param name="settings">Has the defaults, and attributes for what values there may be.</param>
    /// <param name="others">Names in the section that are not this object's.</param>
    /// <exception cref="OptionsValidationException">Settings are wrong; it names each.</exception>
    public static void Bind<T>(IConfigurationSection section, T settings, params string[] others)
        where T : class
    {
        if (Problems(section, settings, others) is { Count: > 0 } problems)
        {
            throw new OptionsValidationException(section.Path, typeof(T), problems);
        }
    }

    /// <summary>Binds a section, as <see cref="Bind"/> does, and gives what is wrong with it.</summary>
    public static IReadOnlyList<string> Problems<T>(IConfigurationSection section, T settings, params string[] others)
        where T : class
    {
        var known = typeof(T).GetProperties().Where(property => property.CanWrite).ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        List<string> problems =
        [
            .. section.GetChildren()
                .Where(setting => !others.Contains(setting.Key, StringComparer.OrdinalIgnoreCase))
                .Select(setting => known.TryGetValue(setting.Key, out var property)
                    ? ProblemOf(setting, property)
                    : $"{setting.Path} is not a setting; known are {string.Join(", ", known.Values.Select(one => one.Name).Concat(others).Order(StringComparer.Ordinal))}")
                .OfType<string>(),
        ];
        if (problems.Count > 0)
        {
            return problems;
        }

        section.Bind(settings);
        var invalid = new List<ValidationResult>();
        Validator.TryValidateObject(settings, new ValidationContext(settings), invalid, validateAllProperties: true);
        return [.. invalid.Select(result => $"{section.Path}:{string.Join(", ", result.MemberNames)} is wrong: {result.ErrorMessage}")];
    }

    private static string? ProblemOf(IConfigurationSection setting, PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (setting.Value is null)
        {
            return $"{setting.Path} is a section; it must be {Expected(type)}";
        }

        try
        {
            _ = setting.Get(property.PropertyType);
            return null;
        }
        catch (InvalidOperationException)
        {
            return $"{setting.Path} is '{setting.Value}'; it must be {Expected(type)}";
        }
    }

    private static string Expected(Type type) =>
        type == typeof(int) ? "a whole number"
        : type == typeof(decimal) ? "a number"
        : type == typeof(TimeSpan) ? "a duration as [d.]hh:mm:ss"
        : type == typeof(bool) ? "true or false"
        : type.IsEnum ? string.Join(" or ", Enum.GetNames(type))
        : "a single value";
}
