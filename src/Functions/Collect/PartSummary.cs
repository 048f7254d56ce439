using System.Globalization;

namespace ModelJobs.Functions.Collect;

/// <summary>What a part holds, kept in its blob's metadata so that a page's state is read with one listing.</summary>
/// <param name="Chunks">Numbers of the chunks whose results are in the part.</param>
/// <param name="Succeeded">Items that succeeded.</param>
/// <param name="Failed">Items that failed.</param>
internal sealed record PartSummary(IReadOnlyCollection<int> Chunks, int Succeeded, int Failed)
{
    private const string ChunksKey = "chunks";
    private const string SucceededKey = "succeeded";
    private const string FailedKey = "failed";

    /// <summary>The blob's metadata: ASCII, well under its limit of 8 KB for the few hundred chunks that a page can have.</summary>
    public Dictionary<string, string> ToMetadata() => new()
    {
        [ChunksKey] = string.Join(',', Chunks.Select(chunk => chunk.ToString(CultureInfo.InvariantCulture))),
        [SucceededKey] = Succeeded.ToString(CultureInfo.InvariantCulture),
        [FailedKey] = Failed.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Reads a blob's metadata.</summary>
    public static PartSummary Of(IDictionary<string, string> metadata) => new(
        [.. metadata[ChunksKey].Split(',').Select(chunk => int.Parse(chunk, CultureInfo.InvariantCulture))],
        int.Parse(metadata[SucceededKey], CultureInfo.InvariantCulture),
        int.Parse(metadata[FailedKey], CultureInfo.InvariantCulture));
}
