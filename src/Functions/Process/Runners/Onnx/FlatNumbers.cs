using System.Buffers.Text;

namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>
/// Reads a flat array of numbers from its JSON, which is known to be valid: an image has hundreds of them, and going through a tree takes several times as long.
/// </summary>
internal static class FlatNumbers
{
    /// <summary>Digits of whole numbers that a <see cref="float"/> holds exactly.</summary>
    private const int ExactDigits = 7;

    /// <summary>Reads as many numbers as there are places.</summary>
    /// <returns>False if the array is anything but so many finite numbers, or written with spaces: it is to be read element by element then.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, Span<float> places)
    {
        if (json is not [(byte)'[', .. var rest])
        {
            return false;
        }

        for (var place = 0; place < places.Length; place++)
        {
            if (!TryReadNumber(rest, out places[place], out var length) || length >= rest.Length || rest[length] != (place == places.Length - 1 ? ']' : ','))
            {
                return false;
            }

            rest = rest[(length + 1)..];
        }

        return rest.IsEmpty;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> json, out float number, out int length)
    {
        var whole = 0;
        for (length = 0; length < json.Length && (uint)(json[length] - '0') <= 9; length++)
        {
            if (length == ExactDigits)
            {
                break;
            }

            whole = (10 * whole) + (json[length] - '0');
        }

        if (length > 0 && length < json.Length && json[length] is (byte)',' or (byte)']')
        {
            number = whole;
            return true;
        }

        return Utf8Parser.TryParse(json, out number, out length) && float.IsFinite(number);
    }
}
