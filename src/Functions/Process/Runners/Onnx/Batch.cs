using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>The inputs of one run of the model: a tensor per input, an item per place.</summary>
internal sealed class Batch(IReadOnlyList<TensorSpec> inputs, ItemShape[] shapes, int capacity) : IDisposable
{
    private readonly BatchTensor[] _tensors =
        [.. inputs.Zip(shapes, (input, shape) => input.Element.CreateBatch(input, shape.Dimensions, capacity))];

    /// <summary>Number of items in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an item; if one of its values cannot be read, it is left out and <paramref name="problem"/> says why.</summary>
    public bool TryAdd(FittedItem item, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        for (var i = 0; i < _tensors.Length; i++)
        {
            if (!_tensors[i].TryRead(item.Values[i], item.Shapes[i].Nesting, Count, out problem))
                return false;
        }

        Count++;
        return true;
    }

    /// <summary>Adds an item of zeros. The batch must be empty.</summary>
    public void AddZeros()
    {
        foreach (var tensor in _tensors)
            tensor.Clear();
        Count++;
    }

    /// <summary>The tensors, in the order of the model's inputs. They live no longer than the batch.</summary>
    public IEnumerable<OrtValue> ToTensors() => _tensors.Select(tensor => tensor.ToTensor(Count));

    public void Dispose()
    {
        foreach (var tensor in _tensors)
            tensor.Dispose();
    }
}
