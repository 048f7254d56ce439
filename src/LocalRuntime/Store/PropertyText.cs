using System.Globalization;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// Application properties as JSON that keeps their types: <c>{"name": ["Int32", "5"]}</c>. The arrays are so that SQLite's json_patch replaces a
/// value as a whole.
/// </summary>
internal static class PropertyText
{
    private const string Null = "Null";

    /// <returns>Null if there are none.</returns>
    public static string? Write(IReadOnlyDictionary<string, object> properties) => properties.Count == 0
        ? null
        : StateJson.Write(properties.ToDictionary(property => property.Key, property => Write(property.Value), StringComparer.Ordinal));

    public static IReadOnlyDictionary<string, object> Read(string? json) => json is null
        ? SentMessage.NoProperties
        : StateJson.Read<Dictionary<string, string[]>>(json).ToDictionary(
            property => property.Key, property => Read(property.Value[0], property.Value[1]), StringComparer.Ordinal);

    private static string[] Write(object? value) => value switch
    {
        null => [Null, ""],
        byte[] bytes => [nameof(Byte) + "[]", Convert.ToBase64String(bytes)],
        Uri uri => [nameof(Uri), uri.OriginalString],
        DateTime time => [nameof(DateTime), time.ToString("O", CultureInfo.InvariantCulture)],
        DateTimeOffset time => [nameof(DateTimeOffset), time.ToString("O", CultureInfo.InvariantCulture)],
        char character => [nameof(Char), ((int)character).ToString(CultureInfo.InvariantCulture)],
        float number => [nameof(Single), number.ToString("R", CultureInfo.InvariantCulture)],
        double number => [nameof(Double), number.ToString("R", CultureInfo.InvariantCulture)],
        _ => [value.GetType().Name, Convert.ToString(value, CultureInfo.InvariantCulture)!],
    };

    private static object Read(string type, string text)
    {
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            Null => null!,
            nameof(String) => text,
            nameof(Boolean) => bool.Parse(text),
            nameof(Char) => (char)int.Parse(text, culture),
            nameof(Byte) => byte.Parse(text, culture),
            nameof(SByte) => sbyte.Parse(text, culture),
            nameof(Int16) => short.Parse(text, culture),
            nameof(UInt16) => ushort.Parse(text, culture),
            nameof(Int32) => int.Parse(text, culture),
            nameof(UInt32) => uint.Parse(text, culture),
            nameof(Int64) => long.Parse(text, culture),
            nameof(UInt64) => ulong.Parse(text, culture),
            nameof(Single) => float.Parse(text, culture),
            nameof(Double) => double.Parse(text, culture),
            nameof(Decimal) => decimal.Parse(text, culture),
            nameof(Guid) => Guid.Parse(text),
            nameof(Uri) => new Uri(text, UriKind.RelativeOrAbsolute),
            nameof(DateTime) => DateTime.Parse(text, culture, DateTimeStyles.RoundtripKind),
            nameof(DateTimeOffset) => DateTimeOffset.Parse(text, culture, DateTimeStyles.RoundtripKind),
            nameof(TimeSpan) => TimeSpan.Parse(text, culture),
            nameof(Byte) + "[]" => Convert.FromBase64String(text),
            _ => throw new InvalidDataException($"An application property is of type {type}, which no message carries."),
        };
    }
}
