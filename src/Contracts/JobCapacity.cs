namespace ModelJobs.Contracts;

/// <summary>
/// What a job has measured of the nodes that run its chunks in its present round, and the parallelism that comes of it: docs/capacity.md. An event
/// of the model is a run of a chunk. Times are means over the runs, in seconds.
/// </summary>
public sealed record JobCapacity
{
    /// <summary>N: nodes that have run chunks of the job lately, each a place of an instance. Other jobs may use them too.</summary>
    public required int Nodes { get; init; }

    /// <summary>Tc: time of a run in the model.</summary>
    public required double TaskSeconds { get; init; }

    /// <summary>Tp: time that a node waits for its next chunk to come out of the queue, where there is one.</summary>
    public required double QueueSeconds { get; init; }

    /// <summary>Tq: all other time of a run: control, loading, waits for the model's limits, back-off, answering.</summary>
    public required double BalanceSeconds { get; init; }

    /// <summary>How long a chunk waits in its queue, from enqueued to received. No part of a node's cycle.</summary>
    public required double QueueWaitSeconds { get; init; }

    /// <summary>P as those times predict it: N·Tc / (Tc + Tp + Tq).</summary>
    public required double Parallelism { get; init; }

    /// <summary>P as it was: time in the model over the time from the round's first receipt to its last answer. Absent while that is no time.</summary>
    public double? ParallelismObserved { get; init; }

    /// <summary>Runs of chunks in a second as those times predict it: N / (Tc + Tp + Tq).</summary>
    public required double EventsPerSecond { get; init; }

    /// <summary>Runs of chunks in a second as it was.</summary>
    public double? EventsPerSecondObserved { get; init; }
}

/// <summary>
/// What a job has used so far, all rounds together: the measured counterpart of <see cref="JobEstimate"/>. Of runs that came to nothing, because
/// their worker was lost or another one had answered first, nothing is in it.
/// </summary>
public sealed record JobUsage
{
    /// <summary>Runs of chunks; absent where external workers run them, who do not say.</summary>
    public long? ChunkRuns { get; init; }

    /// <summary>How often items were given to the model.</summary>
    public required long Attempts { get; init; }

    /// <summary>Messages received: chunks and answers.</summary>
    public required long Messages { get; init; }

    /// <summary>Operations of Service Bus that those took: sent, received and completed, and the states of lanes.</summary>
    public required long ServiceBusOperations { get; init; }

    /// <summary>Seconds in the model, over all nodes; absent where external workers run it.</summary>
    public double? BusySeconds { get; init; }

    /// <summary>Tokens that calls used; absent for models that do not count them.</summary>
    public TokenCounts? Tokens { get; init; }

    /// <summary>What the counts cost that were measured and have a price; absent where none has.</summary>
    public CostEstimate? Cost { get; init; }
}
