using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>JSON values as error messages call them.</summary>
internal static class JsonKind
{
    /// <summary>Longest literal that a message repeats.</summary>
    private const int MaxShown = 32;

    /// <summary>The value's kind: "an object".</summary>
    public static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    /// <summary>The value itself if it is a short literal, else its kind.</summary>
    public static string Show(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.Array || value.GetRawText() is not { Length: <= MaxShown } text
            ? Name(value.ValueKind)
            : text;
}
