namespace ModelJobs.Contracts;

/// <summary>
/// How much work nodes do at once that wait between events. A node's cycle is an event's queue latency, its balancing and its task; during
/// the task alone it computes. Derived in docs/capacity.md.
/// </summary>
/// <param name="Nodes">N: how many nodes take events, one at a time.</param>
/// <param name="TaskSeconds">Tc: how long a node computes on an event.</param>
/// <param name="QueueSeconds">Tp: how long a node waits for an event from the queue.</param>
/// <param name="BalanceSeconds">Tq: how long it takes to give an event to a node.</param>
public sealed record CapacityModel(double Nodes, double TaskSeconds, double QueueSeconds, double BalanceSeconds)
{
    /// <summary>Part of its time that a node computes, 0 to 1.</summary>
    public double Utilization => TaskSeconds / (TaskSeconds + QueueSeconds + BalanceSeconds);

    /// <summary>P: how many nodes compute on average, N·Tc / (Tc + Tp + Tq). Never more than there are.</summary>
    public double Parallelism => Nodes * Utilization;

    /// <summary>How many events end in a second.</summary>
    public double EventsPerSecond => Nodes / (TaskSeconds + QueueSeconds + BalanceSeconds);

    /// <summary>N·Tc / (Tp + Tq), the formula as it is sometimes printed; infinite where nothing is waited for. No number of nodes: it grows beyond all of them.</summary>
    public double ParallelismAsPrinted => Nodes * TaskSeconds / (QueueSeconds + BalanceSeconds);
}
