using System.Buffers;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>Takes a batch's outputs apart into one JSON object per item.</summary>
/// <param name="outputs">The model's outputs, in its order.</param>
/// <param name="maxElements">Most elements of all outputs of an item together.</param>
internal sealed class OutputWriter(IReadOnlyList<TensorSpec> outputs, int maxElements)
{
    /// <summary>One outcome per item of the batch.</summary>
    /// <param name="tensors">The model's answer to the batch.</param>
    /// <param name="items">Number of items in the batch.</param>
    /// <exception cref="ModelException">The first dimension of an output is not the batch.</exception>
    public ItemOutcome[] Write(IReadOnlyList<OrtValue> tensors, int items)
    {
        var shapes = new long[outputs.Count][];
        var elements = 0L;
        for (var i = 0; i < shapes.Length; i++)
        {
            shapes[i] = tensors[i].GetTensorTypeAndShape().Shape;
            if (shapes[i].Length == 0 || shapes[i][0] != items)
            {
                throw new ModelException(
                    $"The first dimension of output {outputs[i]} must be the batch, "
                    + $"but its shape is [{string.Join(',', shapes[i])}] where the batch has {items}.");
            }

            elements += tensors[i].GetTensorTypeAndShape().ElementCount / items;
        }

        if (elements > maxElements)
        {
            var tooLarge = ItemOutcome.Permanent(
                "output_too_large", $"The model's outputs have {elements} elements for an item; at most {maxElements} are allowed.");
            return [.. Enumerable.Repeat(tooLarge, items)];
        }

        return WriteItems(tensors, shapes, items);
    }

    private ItemOutcome[] WriteItems(IReadOnlyList<OrtValue> tensors, long[][] shapes, int items)
    {
        var outcomes = new ItemOutcome[items];
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        for (var item = 0; item < items; item++)
        {
            json.WriteStartObject();
            for (var i = 0; i < outputs.Count; i++)
            {
                json.WritePropertyName(outputs[i].Name);
                outputs[i].Element.WriteItem(json, tensors[i], item, shapes[i].AsSpan(1));
            }

            json.WriteEndObject();
            json.Flush();
            var reader = new Utf8JsonReader(buffer.WrittenSpan);
            outcomes[item] = ItemOutcome.Succeeded(JsonElement.ParseValue(ref reader));
            buffer.ResetWrittenCount();
            json.Reset();
        }

        return outcomes;
    }
}
