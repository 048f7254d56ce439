namespace ModelJobs.Functions.Redrive;

/// <summary>Counts of items that a redrive or discard is about, by what they had come to before.</summary>
/// <param name="Failed">Those that had failed.</param>
/// <param name="Canceled">Those that were canceled.</param>
internal sealed record OpenItems(long Failed, long Canceled)
{
    /// <summary>None.</summary>
    public static readonly OpenItems None = new(0, 0);
}
