using System.Collections;

namespace ModelJobs.Functions.Collect;

/// <summary>What the committed parts of a page add up to.</summary>
/// <param name="chunks">How many chunks the page has.</param>
internal sealed class PageTally(int chunks)
{
    private readonly BitArray _answered = new(chunks);
    private int _count;

    /// <summary>Number of the next part.</summary>
    public int Parts { get; private set; }

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public bool IsComplete => _count == chunks;

    public bool Has(int chunk) => _answered[chunk];

    public bool IsCompleteWith(PendingPart pending) => _count + pending.Chunks.Count == chunks;

    /// <summary>Counts a part in.</summary>
    public void Add(PartSummary part)
    {
        foreach (var chunk in part.Chunks.Where(chunk => !_answered[chunk]))
        {
            _answered[chunk] = true;
            _count++;
        }

        Parts++;
        Succeeded += part.Succeeded;
        Failed += part.Failed;
    }
}
