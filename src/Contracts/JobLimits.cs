namespace ModelJobs.Contracts;

/// <summary>The limits that a caller can meet, and those that jobs are cut by, in one place. Limits of Azure itself: docs/limits.md.</summary>
public static class JobLimits
{
    /// <summary>Items in a chunk when the job does not say.</summary>
    public const int DefaultChunkItems = 50;

    /// <summary>Most items in a chunk.</summary>
    public const int MaxChunkItems = 1000;

    /// <summary>
    /// Full chunks in a job's first page. Lanes and the limit on a chunk's bytes can make chunks that are not full, and so more of them.
    /// A page may be as large as all pages before it together: a job's first results come soon, and the pages of a large job are few.
    /// </summary>
    public const int FirstPageChunks = 200;

    /// <summary>Full chunks in the largest pages. What a page costs in storage operations and history does not depend on its size.</summary>
    public const int MaxPageChunks = 2000;

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

    /// <summary>
    /// Lanes of a job ordered by key, or fewer where its <see cref="JobOptions.MaxConcurrency"/> is lower: how many of its keys can make
    /// progress at once.
    /// </summary>
    public const int MaxLanes = 64;

    /// <summary>Most bytes of one item's line, as sent and as stored (which spells some characters out).</summary>
    public const int MaxItemBytes = 1024 * 1024;

    /// <summary>Deepest nesting of one item's line.</summary>
    public const int MaxItemDepth = 64;

    /// <summary>Deepest nesting of anything that travels: an item or a result of any depth accepted, within a message, within a body.</summary>
    public const int MaxMessageDepth = 128;

    /// <summary>Most bytes of all outputs of one chunk together.</summary>
    public const long MaxChunkOutputBytes = 64 * 1024 * 1024;

    /// <summary>Most bytes of one item's output.</summary>
    public const int MaxOutputBytes = 1024 * 1024;

    /// <summary>Most bytes of a JSON request body; NDJSON bodies have <see cref="MaxInputBytes"/>.</summary>
    public const int MaxJsonBodyBytes = 32 * 1024 * 1024;

    /// <summary>Most bytes of a job's input.</summary>
    public const long MaxInputBytes = 64L * 1024 * 1024 * 1024;

    /// <summary>Most items in a job.</summary>
    public const long MaxItems = 100_000_000;

    /// <summary>Most characters of an item's id, its key, a job's idempotency key or a model's name.</summary>
    public const int MaxNameLength = 256;

    /// <summary>Jobs in one page of a list when the caller does not say.</summary>
    public const int DefaultListedJobs = 50;

    /// <summary>Most jobs in one page of a list.</summary>
    public const int MaxListedJobs = 200;

    /// <summary>Longest <c>Prefer: wait</c>, in seconds; gateways cut calls not much later.</summary>
    public const int MaxWaitSeconds = 60;

    /// <summary>Largest body of a chunk or result message that travels inline; above it the message names a blob range (claim check).</summary>
    public const int MaxInlineBytes = 64 * 1024;

    /// <summary>Longest <see cref="JobOptions.Deadline"/>.</summary>
    public static readonly TimeSpan MaxDeadline = TimeSpan.FromDays(90);

    /// <summary>Longest <see cref="JobOptions.Retention"/>.</summary>
    public static readonly TimeSpan MaxRetention = TimeSpan.FromDays(3650);

    /// <summary>Most characters of a <see cref="JobOptions.Webhook"/>.</summary>
    public const int MaxWebhookLength = 2000;

    /// <summary>Most ids or codes that one redrive or discard may list.</summary>
    public const int MaxListedItems = 10_000;
}
