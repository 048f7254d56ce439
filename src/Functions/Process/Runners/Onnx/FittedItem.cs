using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>An item whose input has the right outline for the model.</summary>
/// <param name="Position">The item's place in the call.</param>
/// <param name="Values">Its value for each input of the model.</param>
/// <param name="Shapes">The shapes of these.</param>
/// <param name="ShapeKey">Equal for items that fit into one batch.</param>
internal sealed record FittedItem(int Position, JsonElement[] Values, ItemShape[] Shapes, string ShapeKey)
{
    /// <summary>Finds a value of the right outline for each of the model's inputs.</summary>
    public static bool TryFit(
        JsonElement input,
        int position,
        IReadOnlyList<TensorSpec> inputs,
        [NotNullWhen(true)] out FittedItem? item,
        [NotNullWhen(false)] out string? problem)
    {
        item = null;
        if (!TryFindValues(input, inputs, out var values, out problem))
            return false;

        var shapes = new ItemShape[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (!ItemShape.TryFit(values[i], inputs[i], out shapes[i], out problem))
                return false;
        }

        item = new FittedItem(position, values, shapes, ShapeKeyOf(shapes, inputs));
        return true;
    }

    private static bool TryFindValues(
        JsonElement input,
        IReadOnlyList<TensorSpec> inputs,
        [NotNullWhen(true)] out JsonElement[]? values,
        [NotNullWhen(false)] out string? problem)
    {
        values = null;
        problem = null;
        if (input.ValueKind != JsonValueKind.Object)
        {
            if (inputs.Count == 1)
                values = [input];
            else
                problem = $"expected {ObjectOf(inputs)}, got {JsonKind.Name(input.ValueKind)}";
            return values is not null;
        }

        foreach (var property in input.EnumerateObject())
        {
            if (!inputs.Any(spec => property.NameEquals(spec.Name)))
                problem = $"expected {ObjectOf(inputs)}, got one with '{property.Name}'";
        }

        var found = new JsonElement[inputs.Count];
        for (var i = 0; i < found.Length; i++)
        {
            if (!input.TryGetProperty(inputs[i].Name, out found[i]))
                problem ??= $"expected {ObjectOf(inputs)}, got one without '{inputs[i].Name}'";
        }

        if (problem is null)
            values = found;
        return values is not null;
    }

    private static string ObjectOf(IReadOnlyList<TensorSpec> inputs) => $"an object with {string.Join(" and ", inputs)}";

    private static string ShapeKeyOf(ItemShape[] shapes, IReadOnlyList<TensorSpec> inputs) =>
        inputs.Any(input => input.IsShapedByItem) ? string.Join(';', shapes.Select(shape => string.Join(',', shape.Dimensions))) : "";
}
