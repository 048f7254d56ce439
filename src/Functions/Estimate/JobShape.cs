using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Estimate;

/// <summary>How a job's input is cut: all that what it takes depends on.</summary>
internal sealed record JobShape
{
    /// <summary>Number of items.</summary>
    public long Items { get; init; }

    /// <summary>Bytes of the stored input.</summary>
    public long Bytes { get; init; }

    /// <summary>Number of pages.</summary>
    public long Pages { get; init; }

    /// <summary>Whether the plan travels with the job: otherwise the input is read to plan it, and the plan with each page.</summary>
    public bool IsPlanShort => Pages <= ShortPlan.MaxPages;

    /// <summary>Number of chunks.</summary>
    public long Chunks { get; init; }

    /// <summary>Those of them in lanes.</summary>
    public long LaneChunks { get; init; }

    /// <summary>Lanes with a chunk, added up over pages.</summary>
    public long PageLanes { get; init; }

    /// <summary>Lanes with a chunk in any page.</summary>
    public int Lanes { get; init; }

    /// <summary>Chunks too large to travel in a message: a worker reads each from storage.</summary>
    public long LargeChunks { get; init; }

    /// <summary>Pages with a large chunk whose lines do not lie together: it is put together in a blob first.</summary>
    public long ScatteredPages { get; init; }

    /// <summary>Operations to send the chunks.</summary>
    public long ChunkOperations { get; init; }

    /// <summary>Calls to send the chunks in.</summary>
    public long Batches { get; init; }
}
