using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>The shape of one item's value for one input.</summary>
/// <param name="Nesting">Lengths of the JSON arrays from the outside in; empty for a bare value.</param>
/// <param name="Dimensions">The dimensions that the model sees, without the batch.</param>
internal readonly record struct ItemShape(int[] Nesting, int[] Dimensions)
{
    /// <summary>
    /// Fits a value into an input: a flat array with as many elements as the input has, or arrays nested like the input's dimensions
    /// (dimensions of 1 may be left out). An array that is nested otherwise is refused, since its elements would land in the wrong places.
    /// </summary>
    /// <remarks>Looks at first elements only; that the rest is as regular is found when the elements are read.</remarks>
    public static bool TryFit(JsonElement value, TensorSpec spec, out ItemShape shape, [NotNullWhen(false)] out string? problem)
    {
        var nesting = Nested(value);
        var dimensions = spec.ItemDimensions;
        if (!spec.IsShapedByItem && (IsFlat(nesting, dimensions) || WithoutOnes(nesting).SequenceEqual(WithoutOnes(dimensions))))
            shape = new ItemShape(nesting, dimensions);
        else if (spec.IsShapedByItem && IsInstance(nesting, dimensions))
            shape = new ItemShape(nesting, nesting);
        else
            shape = default;

        problem = shape.Nesting is null ? $"expected {Expected(spec)}, got {Got(value, nesting)}" : null;
        return problem is null;
    }

    /// <summary>How many elements a shape has; 1 for that of a scalar.</summary>
    /// <exception cref="OverflowException">More than an array can hold.</exception>
    public static int Count(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var dimension in shape)
            count = checked(count * dimension);
        return checked((int)count);
    }

    /// <inheritdoc cref="Count(ReadOnlySpan{long})"/>
    public static int Count(ReadOnlySpan<int> shape)
    {
        var count = 1;
        foreach (var dimension in shape)
            count = checked(count * dimension);
        return count;
    }

    private static int[] Nested(JsonElement value)
    {
        var lengths = new List<int>();
        while (value.ValueKind == JsonValueKind.Array)
        {
            var length = value.GetArrayLength();
            lengths.Add(length);
            if (length == 0)
                break;
            value = value[0];
        }

        return [.. lengths];
    }

    private static bool IsFlat(int[] nesting, int[] dimensions) => nesting.Length == 1 && nesting[0] == Count(dimensions);

    private static IEnumerable<int> WithoutOnes(int[] dimensions) => dimensions.Where(dimension => dimension != 1);

    private static bool IsInstance(int[] nesting, int[] dimensions) =>
        nesting.Length == dimensions.Length
        && nesting.Zip(dimensions).All(pair =>
            pair.First > 0 && (pair.Second == TensorSpec.Dynamic || pair.First == pair.Second));

    private static string Expected(TensorSpec spec) => spec switch
    {
        { IsShapedByItem: false } => $"{Count(spec.ItemDimensions)} {spec.Element.Plural} for {spec}",
        { ItemDimensions.Length: 1 } => $"an array of {spec.Element.Plural} for {spec}",
        _ => $"{spec.Element.Plural} in {spec.ItemDimensions.Length} nested arrays for {spec}",
    };

    private static string Got(JsonElement value, int[] nesting) => (value.ValueKind, nesting) switch
    {
        (JsonValueKind.Array, [var length]) => length.ToString(CultureInfo.InvariantCulture),
        (JsonValueKind.Array, _) => $"arrays of [{string.Join(',', nesting)}]",
        var (kind, _) => JsonKind.Name(kind),
    };
}
