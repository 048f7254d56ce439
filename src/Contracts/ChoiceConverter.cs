using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// An option with a few named values, as a JSON string: the name that <see cref="JsonStringEnumMemberNameAttribute"/> gives, in its case. Other
/// than the serializer's own converter it takes no numbers, which would tie callers to the order of the values, and its errors name the choices.
/// </summary>
/// <typeparam name="T">The values; each has a name.</typeparam>
public sealed class ChoiceConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly (T Value, string Name)[] Choices = [.. Enum.GetValues<T>().Select(value => (value, NameOf(value)))];

    /// <inheritdoc/>
    /// <exception cref="JsonException">It is none of the names; says which there are.</exception>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            foreach (var (value, name) in Choices)
            {
                if (reader.ValueTextEquals(name))
                {
                    return value;
                }
            }
        }

        throw new JsonException($"This value must be one of {string.Join(", ", Choices.Select(choice => $"\"{choice.Name}\""))}.");
    }

    /// <inheritdoc/>
    /// <exception cref="JsonException">The value has no name.</exception>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        foreach (var choice in Choices)
        {
            if (EqualityComparer<T>.Default.Equals(choice.Value, value))
            {
                writer.WriteStringValue(choice.Name);
                return;
            }
        }

        throw new JsonException($"{typeof(T).Name} has no value {value}.");
    }

    private static string NameOf(T value) =>
        typeof(T).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name;
}
