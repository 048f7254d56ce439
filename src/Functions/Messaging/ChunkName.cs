using System.Globalization;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Messaging;

/// <summary>Some of a chunk's items that lie side by side.</summary>
/// <param name="From">Position of the first in the chunk.</param>
/// <param name="Count">How many.</param>
internal readonly record struct Piece(int From, int Count);

/// <summary>
/// What correlation ids name: a chunk, <c>{job}/{page}/{chunk}</c>, or a piece of one, <c>{job}/{page}/{chunk}/{from}-{count}</c>.
/// </summary>
/// <param name="Id">The chunk.</param>
/// <param name="Piece">The piece; the whole chunk if null.</param>
internal readonly record struct ChunkName(ChunkId Id, Piece? Piece = null)
{
    /// <summary>Reads a name, which may be anybody's.</summary>
    public static bool TryParse(string? text, out ChunkName name)
    {
        name = default;
        var parts = text?.Split('/') ?? [];
        if (parts.Length is not (3 or 4)
            || !JobId.IsValid(parts[0])
            || !TryParseNumber(parts[1], out var page)
            || !TryParseNumber(parts[2], out var chunk))
        {
            return false;
        }

        Piece? piece = null;
        if (parts.Length == 4)
        {
            if (parts[3].Split('-') is not [var from, var count] || !TryParseNumber(from, out var first) || !TryParseNumber(count, out var items))
            {
                return false;
            }

            piece = new Piece(first, items);
        }

        name = new ChunkName(new ChunkId(parts[0], page, chunk), piece);
        return true;
    }

    /// <summary>The form that <see cref="TryParse"/> reads.</summary>
    public override string ToString() =>
        Piece is { } piece ? string.Create(CultureInfo.InvariantCulture, $"{Id}/{piece.From}-{piece.Count}") : Id.ToString();

    private static bool TryParseNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
