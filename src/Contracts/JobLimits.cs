namespace ModelJobs.Contracts;

/// <summary>The limits that a caller can meet, in one place. Limits of Azure itself: docs/limits.md.</summary>
public static class JobLimits
{
    /// <summary>Items in a chunk when the job does not say.</summary>
    public const int DefaultChunkItems = 50;

    /// <summary>Most items in a chunk.</summary>
    public const int MaxChunkItems = 1000;

    /// <summary>Most chunks in a page: what one CollectPage collects and one page's part lists.</summary>
    public const int MaxPageChunks = 200;

    /// <summary>Most items in a page.</summary>
    public const int MaxPageItems = 10_000;

    /// <summary>Most input bytes in a page: what one DispatchPage holds in memory.</summary>
    public const int MaxPageBytes = 16 * 1024 * 1024;

    /// <summary>Most pages in a job: an output blob has at most 50,000 blocks, each page needs one, and more where it has much output.</summary>
    public const int MaxPages = 20_000;

    /// <summary>Most input bytes in a chunk; a longer item has a chunk of its own.</summary>
    public const int MaxChunkBytes = 1024 * 1024;

    /// <summary>Highest <see cref="JobOptions.MaxConcurrency"/>.</summary>
    public const int MaxConcurrency = 1000;

    /// <summary>Lanes of a job ordered by key: how many of its keys can make progress at once.</summary>
    public const int DefaultLanes = 64;

    /// <summary>Most bytes of one item's line.</summary>
    public const int MaxItemBytes = 1024 * 1024;

    /// <summary>Most bytes of a JSON request body; NDJSON bodies have <see cref="MaxInputBytes"/>.</summary>
    public const int MaxJsonBodyBytes = 32 * 1024 * 1024;

    /// <summary>Most bytes of a job's input.</summary>
    public const long MaxInputBytes = 64L * 1024 * 1024 * 1024;

    /// <summary>Most items in a job.</summary>
    public const long MaxItems = 100_000_000;

    /// <summary>Most characters of an item's id, its key, a job's idempotency key or a model's name.</summary>
    public const int MaxNameLength = 256;

    /// <summary>Largest body of a chunk or result message that travels inline; above it the message names a blob range (claim check).</summary>
    public const int MaxInlineBytes = 64 * 1024;
}
