using System.Collections;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Messages;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <summary>The arguments of a management operation. What is missing or of the wrong type is an argument-error that names it.</summary>
internal sealed class Arguments(Map values, string? operation)
{
    public string Text(string name) => OptionalText(name) ?? throw Wrong(name, "a string");

    public string? OptionalText(string name) => values[name] switch
    {
        null => null,
        string text => text,
        _ => throw Wrong(name, "a string"),
    };

    public byte[]? OptionalBytes(string name) => values[name] switch
    {
        null => null,
        byte[] bytes => bytes,
        _ => throw Wrong(name, "binary"),
    };

    /// <summary>A whole number of any width.</summary>
    public long Number(string name, long defaultValue) => values[name] switch
    {
        null => defaultValue,
        int or long or uint or byte or short or ushort or sbyte => Convert.ToInt64(values[name], System.Globalization.CultureInfo.InvariantCulture),
        ulong and <= long.MaxValue and var number => (long)number,
        _ => throw Wrong(name, "a whole number"),
    };

    /// <summary>Values of one type, in an array or in a list; numbers of any width.</summary>
    public T[] Array<T>(string name)
        where T : struct
    {
        var items = List(name).Cast<object?>().Select(static item => item switch
        {
            T value => value,
            int or uint or ulong when typeof(T) == typeof(long) => (T)Convert.ChangeType(item, typeof(T), System.Globalization.CultureInfo.InvariantCulture),
            _ => default(T?),
        }).ToArray();
        return System.Array.TrueForAll(items, static item => item is not null)
            ? System.Array.ConvertAll(items, static item => item!.Value)
            : throw Wrong(name, $"an array of {(typeof(T) == typeof(Guid) ? "UUIDs" : "whole numbers")}");
    }

    public IEnumerable<object?> List(string name) => values[name] switch
    {
        IList list and not byte[] => list.Cast<object?>(),
        _ => throw Wrong(name, "an array"),
    };

    /// <summary>Application properties.</summary>
    public Dictionary<string, object> Properties(string name)
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in values[name] as Map ?? [])
        {
            properties[key.ToString()!] = PropertyValues.FromAmqp(key.ToString()!, value)!;
        }
        return properties;
    }

    private AmqpRefusal Wrong(string name, string expected)
        => new(AmqpConditions.ArgumentError, $"The argument '{name}' of {operation} must be {expected}.");
}
