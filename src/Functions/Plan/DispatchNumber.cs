using ModelJobs.Contracts;

namespace ModelJobs.Functions.Plan;

/// <summary>
/// Numbers the dispatches of a page. The first is 0; each epoch of the job has a hundred. The number of a page's chunk begins with that of
/// its dispatch: items that are sent again travel under other ids, which duplicate detection does not know, and an answer says
/// which dispatch it is to.
/// </summary>
internal static class DispatchNumber
{
    /// <summary>Most dispatches of a page in one epoch.</summary>
    public const int PerEpoch = 100;

    /// <summary>The last epoch that has numbers: how often a job can be resumed, redriven or sent again.</summary>
    public const int MaxEpoch = (int.MaxValue / JobLimits.MaxPageItems / PerEpoch) - 1;

    /// <summary>Number of a dispatch.</summary>
    /// <param name="epoch">The job's epoch.</param>
    /// <param name="attempt">0-based number of the dispatch in the epoch.</param>
    public static int Of(int epoch, int attempt = 0) => (epoch * PerEpoch) + attempt;

    /// <summary>Number of the first chunk of a dispatch.</summary>
    public static int FirstChunk(int dispatch) => dispatch * JobLimits.MaxPageItems;

    /// <summary>The dispatch that a chunk belongs to.</summary>
    public static int OfChunk(int chunk) => chunk / JobLimits.MaxPageItems;
}
