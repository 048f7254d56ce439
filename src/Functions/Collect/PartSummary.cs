using System.Globalization;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Collect;

/// <summary>What a part holds, kept in its blob's metadata so that a page's state is read with one listing.</summary>
/// <param name="Items">The items whose lines are in the part.</param>
/// <param name="Closed">Those of them that succeeded or were discarded: no redrive is about them.</param>
/// <param name="Canceled">Those of them that were canceled.</param>
/// <param name="Discarded">How many of them were discarded.</param>
/// <param name="FirstIndex">The lowest index of an item: the part's first line.</param>
internal sealed record PartSummary(ItemSet Items, ItemSet Closed, ItemSet Canceled, int Discarded, long FirstIndex)
{
    private const string ItemsKey = "items";
    private const string ClosedKey = "closed";
    private const string CanceledKey = "canceled";
    private const string DiscardedKey = "discarded";
    private const string FirstIndexKey = "first";
    private const string SumsKey = "runs";

    /// <summary>What the runs measured that the lines come from.</summary>
    public RunSums Sums { get; init; } = RunSums.None;

    public int Succeeded => Closed.Count - Discarded;

    public int Failed => Items.Count - Closed.Count - Canceled.Count;

    /// <summary>Sums up lines, which are in input order.</summary>
    /// <param name="lines">The lines; at least one.</param>
    /// <param name="pageIndex">Index of the page's first item.</param>
    public static PartSummary Of(IReadOnlyList<ItemResult> lines, long pageIndex)
    {
        return new PartSummary(
            Positions(_ => true),
            Positions(status => status is ItemStatus.Succeeded or ItemStatus.Discarded),
            Positions(status => status is ItemStatus.Canceled),
            lines.Count(line => line.Status is ItemStatus.Discarded),
            lines[0].Index);

        ItemSet Positions(Predicate<ItemStatus> chosen) =>
            ItemSet.Of(lines.Where(line => chosen(line.Status)).Select(line => (int)(line.Index - pageIndex)));
    }

    /// <summary>The blob's metadata: ASCII, under its limit of 8 KB. Items are bits, in Base64: at most 1.7 KB for each of the three sets. Sums have at most 2.2 KB.</summary>
    public Dictionary<string, string> ToMetadata()
    {
        var metadata = new Dictionary<string, string>
        {
            [ItemsKey] = ToText(Items),
            [FirstIndexKey] = FirstIndex.ToString(CultureInfo.InvariantCulture),
        };
        // A value must not be empty, and most parts have nothing canceled.
        if (Closed.Count > 0)
        {
            metadata[ClosedKey] = ToText(Closed);
        }

        if (Canceled.Count > 0)
        {
            metadata[CanceledKey] = ToText(Canceled);
        }

        if (Discarded > 0)
        {
            metadata[DiscardedKey] = Discarded.ToString(CultureInfo.InvariantCulture);
        }

        if (Sums.Answers > 0)
        {
            metadata[SumsKey] = JsonSerializer.Serialize(Sums, RunSumsJson.Default.RunSums);
        }

        return metadata;
    }

    /// <summary>Reads a blob's metadata.</summary>
    public static PartSummary Of(IDictionary<string, string> metadata) => new(
        FromText(metadata[ItemsKey]),
        metadata.TryGetValue(ClosedKey, out var closed) ? FromText(closed) : new ItemSet(),
        metadata.TryGetValue(CanceledKey, out var canceled) ? FromText(canceled) : new ItemSet(),
        metadata.TryGetValue(DiscardedKey, out var discarded) ? int.Parse(discarded, CultureInfo.InvariantCulture) : 0,
        long.Parse(metadata[FirstIndexKey], CultureInfo.InvariantCulture))
    {
        Sums = metadata.TryGetValue(SumsKey, out var sums) ? JsonSerializer.Deserialize(sums, RunSumsJson.Default.RunSums) ?? RunSums.None : RunSums.None,
    };

    private static string ToText(ItemSet items) => Convert.ToBase64String(items.ToBytes().Span);

    private static ItemSet FromText(string text) => ItemSet.FromBytes(Convert.FromBase64String(text));
}
