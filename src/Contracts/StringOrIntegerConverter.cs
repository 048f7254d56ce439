using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>Reads a JSON string or integer as text, since many data sets number their rows; writes a string.</summary>
public sealed class StringOrIntegerConverter : JsonConverter<string>
{
    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number when reader.TryGetInt64(out _) => Encoding.UTF8.GetString(reader.ValueSpan),
        _ => throw new JsonException("must be a string or an integer"),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
