using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>One input of a batch of items that agree in shape: <c>[items, ...itemShape]</c>, filled item by item.</summary>
internal abstract class BatchTensor : IDisposable
{
    /// <summary>
    /// Reads an item's value into its place. If false, <paramref name="problem"/> says why, and the place is free for another item.
    /// </summary>
    public abstract bool TryRead(JsonElement value, int[] nesting, int place, [NotNullWhen(false)] out string? problem);

    /// <summary>Sets all elements to zero, or false.</summary>
    public abstract void Clear();

    /// <summary>The tensor of the first <paramref name="items"/> places, in memory of this object: it ends with it.</summary>
    public abstract OrtValue ToTensor(int items);

    public abstract void Dispose();
}

/// <summary>A batch of elements of <typeparamref name="T"/>.</summary>
internal sealed class BatchTensor<T>(TensorSpec spec, int[] itemShape, int capacity, TryRead<T> tryRead, TryReadFlat<T>? tryReadFlat) : BatchTensor
    where T : unmanaged
{
    private readonly int _itemSize = ItemShape.Count(itemShape);

    // Rented: a chunk's tensor is often large enough for the large object heap, and a new one comes with every chunk.
    private T[]? _values = ArrayPool<T>.Shared.Rent(checked(capacity * ItemShape.Count(itemShape)));

    private T[] Values => _values ?? throw new ObjectDisposedException(nameof(BatchTensor));

    public override bool TryRead(JsonElement value, int[] nesting, int place, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (tryReadFlat is not null && nesting.Length == 1 && tryReadFlat(JsonMarshal.GetRawUtf8Value(value), Values.AsSpan(place * _itemSize, _itemSize)))
        {
            return true;
        }

        var read = 0;
        problem = Read(value, nesting, Values.AsSpan(place * _itemSize, _itemSize), ref read);
        return problem is null;
    }

    public override void Clear() => Values.AsSpan().Clear();

    public override OrtValue ToTensor(int items) =>
        OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, Values.AsMemory(0, items * _itemSize), [items, .. itemShape.Select(size => (long)size)]);

    public override void Dispose()
    {
        if (_values is null)
            return;
        ArrayPool<T>.Shared.Return(_values);
        _values = null;
    }

    private string? Read(JsonElement value, ReadOnlySpan<int> nesting, Span<T> places, ref int read)
    {
        if (nesting.IsEmpty)
        {
            return tryRead(value, out places[read++])
                ? null
                : $"expected {spec.Element.Plural} for {spec}, got {JsonKind.Show(value)} as element {read}";
        }

        var length = value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : -1;
        if (length != nesting[0])
        {
            return $"expected arrays of equal length for {spec}, got {(length < 0 ? JsonKind.Show(value) : $"one of {length}")} "
                + $"where {nesting[0]} elements were expected, after element {read}";
        }

        foreach (var element in value.EnumerateArray())
        {
            if (Read(element, nesting[1..], places, ref read) is { } problem)
                return problem;
        }

        return null;
    }
}
