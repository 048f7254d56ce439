namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Something that an instance is told at a time: that a timer of its fired, or to start.</summary>
/// <param name="FireAt">The time, UTC.</param>
/// <param name="Sequence">Order among timers of the same time.</param>
/// <param name="InstanceId">The instance.</param>
/// <param name="TaskId">Number of the request that made the timer, or <see cref="StartTaskId"/>.</param>
internal sealed record DueTimer(DateTime FireAt, long Sequence, string InstanceId, int TaskId)
{
    /// <summary>Stands for the start of an instance that was scheduled for later.</summary>
    public const int StartTaskId = -1;

    public static readonly IComparer<DueTimer> ByTime =
        Comparer<DueTimer>.Create((a, b) => (a.FireAt, a.Sequence).CompareTo((b.FireAt, b.Sequence)));
}
