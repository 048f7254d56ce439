using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>Lengths of time as people write them: <c>90s</c>, <c>30m</c>, <c>2h</c>, <c>7d</c>, or <c>[d.]hh:mm:ss</c>.</summary>
public static class Duration
{
    /// <summary>Reads a length of time, which must be positive.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        long? ticks = text[^1] switch
        {
            's' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMinute,
            'h' => TimeSpan.TicksPerHour,
            'd' => TimeSpan.TicksPerDay,
            _ => null,
        };
        if (ticks is { } unit)
        {
            return int.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count is > 0 and <= 1_000_000
                && (duration = TimeSpan.FromTicks(count * unit)) > TimeSpan.Zero;
        }

        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration)
            && duration > TimeSpan.Zero;
    }
}

/// <summary>A length of time as a JSON string; read as <see cref="Duration"/> reads it, written as <c>[d.]hh:mm:ss</c>.</summary>
public sealed class DurationConverter : JsonConverter<TimeSpan>
{
    /// <inheritdoc/>
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Duration.TryParse(reader.GetString(), out var duration)
            ? duration
            : throw new JsonException("A length of time must be a string such as \"90s\", \"30m\", \"2h\", \"7d\" or \"01:30:00\".");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString("c", CultureInfo.InvariantCulture));
}
