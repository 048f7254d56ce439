using Microsoft.ML.OnnxRuntime;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>An input or output as the model declares it.</summary>
internal sealed class TensorSpec
{
    /// <summary>A dimension whose size is known only when the model runs.</summary>
    public const int Dynamic = -1;

    private readonly string[] _dimensionNames;

    /// <exception cref="NotSupportedException">The model declares something that JSON items cannot be mapped to.</exception>
    public TensorSpec(string name, NodeMetadata metadata)
    {
        Name = name;
        Element = (metadata.IsTensor ? TensorElement.Find(metadata.ElementDataType) : null) ?? throw new NotSupportedException(
            $"'{name}' is {(metadata.IsTensor ? $"a tensor of {metadata.ElementDataType}" : $"of the type {metadata.OnnxValueType}")}; "
            + $"supported are tensors of {TensorElement.Supported}. Export the model with such inputs and outputs.");

        var dimensions = metadata.Dimensions;
        IsBatched = dimensions is [Dynamic, ..];
        ItemDimensions = dimensions.Length == 0 ? [] : dimensions[1..];
        IsSingle = dimensions is [1, ..];
        _dimensionNames = [.. dimensions.Zip(metadata.SymbolicDimensions, (size, symbol) =>
            size != Dynamic ? $"{size}" : string.IsNullOrEmpty(symbol) ? "?" : symbol)];
        if (IsBatched)
            _dimensionNames[0] = "N";
    }

    public string Name { get; }

    public TensorElement Element { get; }

    /// <summary>Sizes of one item's dimensions, those after the first; <see cref="Dynamic"/> where the item decides.</summary>
    public int[] ItemDimensions { get; }

    /// <summary>Whether the first dimension takes any number of items.</summary>
    public bool IsBatched { get; }

    /// <summary>Whether the first dimension takes one item only.</summary>
    public bool IsSingle { get; }

    /// <summary>Whether items may differ in shape.</summary>
    public bool IsShapedByItem => Array.IndexOf(ItemDimensions, Dynamic) >= 0;

    /// <summary>Name and shape as error messages show them: <c>'pixels' [N,1,28,28]</c>.</summary>
    public override string ToString() => $"'{Name}' [{string.Join(',', _dimensionNames)}]";
}
