using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// The form of histories as text, with the names that Azure gives events and their fields: an object per event, its kind
/// (<c>"EventType":"TaskScheduled"</c>) first, null left out. State files hold it, and whoever keeps a history may rely on it.
/// </summary>
internal static class HistoryJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IncludeFields = true,
        Converters = { new JsonStringEnumConverter() },
        // For people and tools to read, so nothing is escaped that need not be.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(HistoryEvent value) => JsonSerializer.Serialize(value, Options);

    /// <exception cref="JsonException">It is not the JSON of an event.</exception>
    /// <exception cref="NotSupportedException">It has no kind.</exception>
    public static HistoryEvent Read(string json) => JsonSerializer.Deserialize<HistoryEvent>(json, Options) ?? throw new JsonException("An event is null.");

    /// <summary>A whole history, as a JSON array.</summary>
    public static string WriteAll(IEnumerable<HistoryEvent> history) => JsonSerializer.Serialize(history, Options);

    /// <exception cref="JsonException">It is not the JSON of a history.</exception>
    /// <exception cref="NotSupportedException">An event has no kind.</exception>
    public static IList<HistoryEvent> ReadAll(string json)
        => JsonSerializer.Deserialize<List<HistoryEvent>>(json, Options) ?? throw new JsonException("The history is null.");
}
