using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>How many items of a job may fail: a number (<c>5</c>) or a share of all items (<c>"1.5%"</c>).</summary>
/// <param name="Value">The number of items, or the share in percent.</param>
/// <param name="IsPercent">Whether it is a share.</param>
[JsonConverter(typeof(ToleranceConverter))]
public readonly record struct Tolerance(double Value, bool IsPercent)
{
    /// <summary>The most items that may fail.</summary>
    /// <param name="items">Items of the job.</param>
    public long MaxFailed(long items) => IsPercent ? (long)Math.Floor(items * Value / 100) : (long)Value;

    /// <summary>Reads <c>5</c> or <c>1.5%</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Tolerance? tolerance)
    {
        tolerance = null;
        if (text is null)
        {
            return false;
        }

        if (text.EndsWith('%'))
        {
            if (double.TryParse(text.AsSpan(..^1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 100)
            {
                tolerance = new Tolerance(share, IsPercent: true);
            }
        }
        else if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= JobLimits.MaxItems)
        {
            tolerance = new Tolerance(count, IsPercent: false);
        }

        return tolerance is not null;
    }

    /// <summary>The form that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture) + (IsPercent ? "%" : "");
}

/// <summary>A tolerance as a JSON string, or as a number where it is a count.</summary>
public sealed class ToleranceConverter : JsonConverter<Tolerance>
{
    /// <inheritdoc/>
    public override Tolerance Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => reader.TryGetInt64(out var count) ? count.ToString(CultureInfo.InvariantCulture) : null,
            _ => null,
        };
        return Tolerance.TryParse(text, out var tolerance)
            ? tolerance.Value
            : throw new JsonException("'tolerate' must be a number of items such as 5, or a share such as \"1%\".");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Tolerance value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
