using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Collect;

/// <summary>What the committed parts of a page's round add up to.</summary>
/// <param name="scope">The items that the round is about.</param>
internal sealed class PageTally(ItemSet scope)
{
    private readonly ItemSet _answered = new();

    /// <summary>Number of the next part.</summary>
    public int Parts { get; private set; }

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public long Canceled { get; private set; }

    /// <summary>What the runs measured that the answers come from.</summary>
    public RunSums Sums { get; private set; } = RunSums.None;

    public bool IsComplete => _answered.Count == scope.Count;

    /// <summary>The items whose answer is not committed yet, by position.</summary>
    public IEnumerable<int> Missing => scope.Positions.Where(position => !_answered.Contains(position));

    /// <summary>Whether an answer for the item is waited for.</summary>
    public bool Awaits(int position) => scope.Contains(position) && !_answered.Contains(position);

    public bool IsCompleteWith(PendingPart pending) => _answered.Count + pending.Results.Count == scope.Count;

    /// <summary>Counts a part in.</summary>
    public void Add(PartSummary part)
    {
        foreach (var position in part.Items.Positions)
        {
            _answered.Add(position);
        }

        Parts++;
        Succeeded += part.Succeeded;
        Failed += part.Failed;
        Canceled += part.Canceled.Count;
        Sums += part.Sums;
    }
}
