using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// Reads a section of settings into typed values. A wrong value, and a name that nobody knows, is an error that gives the path:
/// a misspelt limit must not silently be the default.
/// </summary>
/// <param name="section">The settings.</param>
/// <param name="source">What the user edits, as <c>host.json</c>.</param>
/// <param name="path">Where the section is in it, as <c>extensions.serviceBus</c>; empty for all of it.</param>
/// <param name="separator">Separates the names of a path: a dot in JSON, a colon in configuration.</param>
internal sealed class SettingsSection(IConfiguration section, string source, string path, char separator)
{
    private const string AnObject = "an object";

    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public int Integer(string name, int defaultValue, int min, int max = int.MaxValue)
        => (int)Integer(name, (long)defaultValue, min, max);

    public long Integer(string name, long defaultValue, long min, long max = long.MaxValue)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        var isBoundedByType = max is long.MaxValue or int.MaxValue;
        throw Wrong(name, text, isBoundedByType ? $"a whole number of at least {min}" : $"a whole number from {min} to {max}");
    }

    public bool Boolean(string name, bool defaultValue)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        return bool.TryParse(text, out var value) ? value : throw Wrong(name, text, "true or false");
    }

    /// <summary>A positive duration as <c>[d.]hh:mm:ss</c>.</summary>
    public TimeSpan Duration(string name, TimeSpan defaultValue, TimeSpan? max = null)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value > TimeSpan.Zero && !(value > max)
            ? value
            : throw Wrong(name, text, $"a positive duration as hh:mm:ss{(max is { } most ? $", at most {most}" : "")}");
    }

    public TEnum Choice<TEnum>(string name, TEnum defaultValue)
        where TEnum : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        // A number would parse too.
        return char.IsLetter(text[0]) && Enum.TryParse<TEnum>(text, ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value
            : throw Wrong(name, text, "one of " + string.Join(", ", Enum.GetNames<TEnum>()));
    }

    /// <returns>Null if it is absent or empty.</returns>
    public string? Text(string name) => TextOrEmpty(name) is { Length: > 0 } text ? text : null;

    /// <returns>Null if it is absent.</returns>
    public string? TextOrEmpty(string name)
    {
        _known.Add(name);
        var child = section.GetSection(name);
        return child.Value is null && child.GetChildren().Any() ? throw Wrong(name, AnObject, "a single value") : child.Value;
    }

    public SettingsSection Section(string name)
    {
        _known.Add(name);
        var child = section.GetSection(name);
        return string.IsNullOrEmpty(child.Value)
            ? new SettingsSection(child, source, PathOf(name), separator)
            : throw Wrong(name, child.Value, AnObject);
    }

    public IEnumerable<string> Names => section.GetChildren().Select(static child => child.Key);

    /// <param name="ignored">Names that exist on Azure and mean nothing here.</param>
    /// <exception cref="LocalRuntimeException">There is a name that was neither read nor listed.</exception>
    public void RejectUnknown(params ReadOnlySpan<string> ignored)
    {
        foreach (var name in ignored)
        {
            _known.Add(name);
        }

        if (Names.FirstOrDefault(name => !_known.Contains(name)) is { } unknown)
        {
            throw new LocalRuntimeException(
                $"{source}: '{PathOf(unknown)}' is not a known setting. " +
                $"Known here: {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
        }
    }

    public LocalRuntimeException Wrong(string name, string value, string expected)
        => new($"{source}: '{PathOf(name)}' is {(value == AnObject ? value : $"'{value}'")}; it must be {expected}.");

    private string PathOf(string name) => path.Length == 0 ? name : path + separator + name;
}
