using System.Text.Json;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>Payloads as JSON in answers.</summary>
internal static class PayloadJson
{
    private static readonly JsonElement Null = JsonElement.Parse("null");

    /// <summary>The JSON that a payload holds; as a string if it holds none, as the output of a failed orchestration does.</summary>
    public static JsonElement Read(string? payload)
    {
        if (payload is null)
        {
            return Null;
        }

        try
        {
            return JsonElement.Parse(payload);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(payload);
        }
    }
}
