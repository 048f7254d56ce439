using System.Globalization;
using System.Text.Json;
using System.Xml;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>A JSON value that knows its path, so that every error can say where it is.</summary>
internal readonly struct ConfigNode(JsonElement value, string path)
{
    private readonly JsonElement _value = value;

    private string Path => path.Length == 0 ? "the root" : path;

    public InvalidDataException Invalid(string why) => new($"{Path}: {why}.");

    /// <exception cref="InvalidDataException">This is not an object, or has a property of another name.</exception>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        if (_value.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("it must be an object");
        }
        foreach (var property in _value.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw Invalid($"'{property.Name}' is not known here; known are {string.Join(", ", names!)}");
            }
        }
    }

    public ConfigNode Required(string name) => Optional(name) ?? throw Invalid($"'{name}' is missing");

    /// <summary>A property; null if it is absent or null.</summary>
    public ConfigNode? Optional(string name)
        => _value.TryGetProperty(name, out var property) && property.ValueKind != JsonValueKind.Null
            ? new ConfigNode(property, path.Length == 0 ? name : $"{path}.{name}")
            : null;

    public IReadOnlyList<ConfigNode> Items()
    {
        if (_value.ValueKind != JsonValueKind.Array)
        {
            throw Invalid("it must be an array");
        }
        var items = new List<ConfigNode>();
        foreach (var item in _value.EnumerateArray())
        {
            items.Add(new ConfigNode(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]")));
        }
        return items;
    }

    /// <summary>The properties of an object, whatever their names.</summary>
    public IEnumerable<KeyValuePair<string, ConfigNode>> Members()
    {
        if (_value.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("it must be an object");
        }
        foreach (var property in _value.EnumerateObject())
        {
            yield return KeyValuePair.Create(property.Name, new ConfigNode(property.Value, $"{path}.{property.Name}"));
        }
    }

    public string Text() => _value.ValueKind == JsonValueKind.String ? _value.GetString()! : throw Invalid("it must be a string");

    public bool Boolean() => _value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? _value.GetBoolean()
        : throw Invalid("it must be true or false");

    public int Integer(int min, int max)
        => _value.ValueKind == JsonValueKind.Number && _value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"it must be an integer from {min} to {max}"));

    /// <summary>An ISO 8601 duration, such as <c>PT1M</c>.</summary>
    public TimeSpan Duration(TimeSpan min, TimeSpan max)
    {
        TimeSpan duration;
        try
        {
            duration = XmlConvert.ToTimeSpan(Text());
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Invalid($"'{Text()}' is not an ISO 8601 duration; write one minute as PT1M, a day as P1D");
        }
        return duration >= min && duration <= max
            ? duration
            : throw Invalid($"{Text()} is out of range: it must be at least {XmlConvert.ToString(min)}" +
                (max == TimeSpan.MaxValue ? "" : $" and at most {XmlConvert.ToString(max)}"));
    }
}
