using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>Reads one element of a tensor; false if the JSON is not one.</summary>
internal delegate bool TryRead<T>(JsonElement json, out T value);

/// <summary>Reads a flat array of elements from its JSON; false if that is left to reading element by element.</summary>
internal delegate bool TryReadFlat<T>(ReadOnlySpan<byte> json, Span<T> places);

/// <summary>The element type whose values are <typeparamref name="T"/>.</summary>
/// <param name="plural">What a caller sends, in the plural.</param>
/// <param name="tryRead">Reads an element.</param>
/// <param name="write">Writes an element.</param>
/// <param name="tryReadFlat">Reads many, where that can be done at once.</param>
internal sealed class TensorElement<T>(string plural, TryRead<T> tryRead, Action<Utf8JsonWriter, T> write, TryReadFlat<T>? tryReadFlat = null) : TensorElement
    where T : unmanaged
{
    public override string Plural => plural;

    public override BatchTensor CreateBatch(TensorSpec spec, int[] itemShape, int capacity) =>
        new BatchTensor<T>(spec, itemShape, capacity, tryRead, tryReadFlat);

    public override void WriteItem(Utf8JsonWriter json, OrtValue output, int item, ReadOnlySpan<long> itemShape)
    {
        var size = ItemShape.Count(itemShape);
        Write(json, output.GetTensorDataAsSpan<T>().Slice(item * size, size), itemShape);
    }

    private void Write(Utf8JsonWriter json, ReadOnlySpan<T> values, ReadOnlySpan<long> shape)
    {
        if (shape.IsEmpty)
        {
            write(json, values[0]);
            return;
        }

        json.WriteStartArray();
        var size = values.Length / (int)Math.Max(shape[0], 1);
        for (var i = 0; i < shape[0]; i++)
            Write(json, values.Slice(i * size, size), shape[1..]);
        json.WriteEndArray();
    }
}
