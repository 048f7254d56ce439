namespace ModelJobs.Bench;

/// <summary>What to run and how often.</summary>
internal sealed record BenchOptions
{
    /// <summary>Sizes of the whole path's jobs, in items.</summary>
    public required IReadOnlyList<int> Sizes { get; init; }

    /// <summary>Items in a chunk; every size is run with each.</summary>
    public required IReadOnlyList<int> ChunkItems { get; init; }

    /// <summary><c>Disk</c> (durable), <c>Memory</c>, or both.</summary>
    public required IReadOnlyList<string> States { get; init; }

    /// <summary>Peers to compare with, by name.</summary>
    public required IReadOnlyList<string> Peers { get; init; }

    /// <summary>Events of the comparison.</summary>
    public required int PeerEvents { get; init; }

    /// <summary>Measured runs, of which the median counts.</summary>
    public required int Repeats { get; init; }

    /// <summary>How long each system runs small jobs before it is measured.</summary>
    public required TimeSpan Warmup { get; init; }

    /// <summary>Events that run at once, in every system that has such a setting: chunks of ours, jobs of a BullMQ worker.</summary>
    public required int Concurrency { get; init; }
}
