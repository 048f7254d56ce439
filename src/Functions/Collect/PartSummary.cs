using System.Globalization;

namespace ModelJobs.Functions.Collect;

/// <summary>What a part holds, kept in its blob's metadata so that a page's state is read with one listing.</summary>
/// <param name="Chunks">Numbers of the chunks whose results are in the part.</param>
/// <param name="Succeeded">Items that succeeded.</param>
/// <param name="Failed">Items that failed.</param>
/// <param name="FirstIndex">The lowest index of an item: the part's first line.</param>
internal sealed record PartSummary(IReadOnlyCollection<int> Chunks, int Succeeded, int Failed, long FirstIndex)
{
    private const string ChunksKey = "chunks";
    private const string SucceededKey = "succeeded";
    private const string FailedKey = "failed";
    private const string FirstIndexKey = "first";

    /// <summary>The blob's metadata: ASCII, well under its limit of 8 KB. Chunks are bits, in Base64: at most 1.7 KB for a page's items.</summary>
    public Dictionary<string, string> ToMetadata() => new()
    {
        [ChunksKey] = Convert.ToBase64String(ToBits(Chunks)),
        [SucceededKey] = Succeeded.ToString(CultureInfo.InvariantCulture),
        [FailedKey] = Failed.ToString(CultureInfo.InvariantCulture),
        [FirstIndexKey] = FirstIndex.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Reads a blob's metadata.</summary>
    public static PartSummary Of(IDictionary<string, string> metadata) => new(
        FromBits(Convert.FromBase64String(metadata[ChunksKey])),
        int.Parse(metadata[SucceededKey], CultureInfo.InvariantCulture),
        int.Parse(metadata[FailedKey], CultureInfo.InvariantCulture),
        long.Parse(metadata[FirstIndexKey], CultureInfo.InvariantCulture));

    private static byte[] ToBits(IReadOnlyCollection<int> chunks)
    {
        var bits = new byte[chunks.Count > 0 ? (chunks.Max() / 8) + 1 : 0];
        foreach (var chunk in chunks)
        {
            bits[chunk / 8] |= (byte)(1 << (chunk % 8));
        }

        return bits;
    }

    private static List<int> FromBits(byte[] bits) =>
        [.. Enumerable.Range(0, bits.Length * 8).Where(chunk => (bits[chunk / 8] & (1 << (chunk % 8))) != 0)];
}
