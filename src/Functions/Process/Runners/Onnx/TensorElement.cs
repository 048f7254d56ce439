using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>An element type of tensors: how it is read from JSON and written to it.</summary>
/// <remarks>
/// JSON has no NaN and no infinities. In both directions they are the strings "NaN", "Infinity" and "-Infinity", as System.Text.Json
/// writes them with <c>AllowNamedFloatingPointLiterals</c>.
/// </remarks>
internal abstract class TensorElement
{
    private static readonly Dictionary<TensorElementType, TensorElement> All = new()
    {
        [TensorElementType.Float] = new TensorElement<float>("numbers", TryReadSingle, WriteSingle, FlatNumbers.TryRead),
        [TensorElementType.Double] = new TensorElement<double>("numbers", TryReadDouble, WriteDouble),
        [TensorElementType.Int64] = Integer<long>((json, out n) => json.TryGetInt64(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.Int32] = Integer<int>((json, out n) => json.TryGetInt32(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.Int16] = Integer<short>((json, out n) => json.TryGetInt16(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.Int8] = Integer<sbyte>((json, out n) => json.TryGetSByte(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.UInt64] = Integer<ulong>((json, out n) => json.TryGetUInt64(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.UInt32] = Integer<uint>((json, out n) => json.TryGetUInt32(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.UInt16] = Integer<ushort>((json, out n) => json.TryGetUInt16(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.UInt8] = Integer<byte>((json, out n) => json.TryGetByte(out n), (json, n) => json.WriteNumberValue(n)),
        [TensorElementType.Bool] = new TensorElement<bool>("booleans", TryReadBoolean, (json, value) => json.WriteBooleanValue(value)),
    };

    /// <summary>Names of the supported types, for messages.</summary>
    public static string Supported { get; } = string.Join(", ", All.Keys);

    /// <summary>What a caller sends for elements of this type, in the plural: "numbers".</summary>
    public abstract string Plural { get; }

    /// <summary>The type, or null if it is not supported.</summary>
    public static TensorElement? Find(TensorElementType type) => All.GetValueOrDefault(type);

    /// <summary>A tensor to fill with items of one shape.</summary>
    public abstract BatchTensor CreateBatch(TensorSpec spec, int[] itemShape, int capacity);

    /// <summary>Writes one item of a batched output: a scalar, or nested arrays.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="output">The whole output, <c>[N, ...itemShape]</c>.</param>
    /// <param name="item">Which item of the N.</param>
    /// <param name="itemShape">The output's dimensions after the first.</param>
    public abstract void WriteItem(Utf8JsonWriter json, OrtValue output, int item, ReadOnlySpan<long> itemShape);

    private static TensorElement<T> Integer<T>(TryRead<T> read, Action<Utf8JsonWriter, T> write)
        where T : unmanaged =>
        new("whole numbers", (json, out value) =>
        {
            value = default;
            return json.ValueKind == JsonValueKind.Number && read(json, out value);
        }, write);

    private static bool TryReadSingle(JsonElement json, out float value)
    {
        if (json.ValueKind == JsonValueKind.Number)
            return json.TryGetSingle(out value) && float.IsFinite(value);
        var isNamed = TryReadNamed(json, out var named);
        value = (float)named;
        return isNamed;
    }

    private static bool TryReadDouble(JsonElement json, out double value)
    {
        return json.ValueKind == JsonValueKind.Number
            ? json.TryGetDouble(out value) && double.IsFinite(value)
            : TryReadNamed(json, out value);
    }

    private static bool TryReadNamed(JsonElement json, out double value)
    {
        value = json.ValueKind != JsonValueKind.String ? 0
            : json.ValueEquals("NaN") ? double.NaN
            : json.ValueEquals("Infinity") ? double.PositiveInfinity
            : json.ValueEquals("-Infinity") ? double.NegativeInfinity
            : 0;
        return !double.IsFinite(value);
    }

    private static bool TryReadBoolean(JsonElement json, out bool value)
    {
        value = json.ValueKind == JsonValueKind.True;
        return value || json.ValueKind == JsonValueKind.False;
    }

    private static void WriteSingle(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value))
            json.WriteNumberValue(value);
        else
            WriteNamed(json, value);
    }

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            WriteNamed(json, value);
    }

    private static void WriteNamed(Utf8JsonWriter json, double value) =>
        json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}
