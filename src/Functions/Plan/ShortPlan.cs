using ModelJobs.Contracts;

namespace ModelJobs.Functions.Plan;

/// <summary>
/// Plans an input while it is read, as long as the plan is short enough to travel with the job: most jobs are small, and then nobody has to read
/// the input once more to plan it, or the plan to dispatch a page.
/// </summary>
/// <param name="options">Options of the job.</param>
internal sealed class ShortPlan(JobOptions options)
{
    /// <summary>Most pages of a plan that travels: about 600 bytes in each order to dispatch a page.</summary>
    public const int MaxPages = 8;

    private readonly PageCutter _cutter = PlanJob.CutterOf(options.ChunkItems ?? JobLimits.DefaultChunkItems);
    private readonly List<PagePlan> _pages = [];

    /// <summary>Lines seen so far.</summary>
    public long Items => _cutter.Items;

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes the next line.</summary>
    /// <param name="length">Its length in bytes, line feed included.</param>
    public void Add(int length)
    {
        Bytes += length;
        Take(_cutter.Add(length));
    }

    /// <summary>Ends the last page.</summary>
    /// <returns>The plan; null if it is not short.</returns>
    public IReadOnlyList<PagePlan>? Finish()
    {
        Take(_cutter.Finish());
        return _cutter.Pages <= MaxPages ? _pages : null;
    }

    private void Take(PagePlan? page)
    {
        if (page is not null && _pages.Count < MaxPages)
        {
            _pages.Add(page);
        }
    }
}
