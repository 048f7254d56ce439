namespace Microsoft.DurableTask;

/// <summary>Turns inputs, results, events and custom status into the text kept in histories, and back.</summary>
public abstract class DataConverter
{
    /// <returns>The text; null for null.</returns>
    public abstract string? Serialize(object? value);

    public abstract object? Deserialize(string? data, Type targetType);

    /// <returns>The value; the default of <typeparamref name="T"/> for null.</returns>
    public virtual T? Deserialize<T>(string? data) => Deserialize(data, typeof(T)) is { } value ? (T)value : default;
}
