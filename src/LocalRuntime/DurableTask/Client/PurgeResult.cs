namespace Microsoft.DurableTask.Client;

/// <summary>What a purge removed.</summary>
public class PurgeResult
{
    public PurgeResult(int count)
        : this(count, null)
    {
    }

    public PurgeResult(int count, bool? isComplete)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        (PurgedInstanceCount, IsComplete) = (count, isComplete);
    }

    public int PurgedInstanceCount { get; }

    /// <summary>False if more instances match and the purge has to be repeated.</summary>
    public bool? IsComplete { get; }
}
