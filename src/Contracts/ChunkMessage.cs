using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// The body of a message on <c>chunks</c>, <c>chunks-express</c>, <c>chunks-ordered</c> and <c>chunks-external</c>: items that travel together.
/// Either <see cref="Items"/> or <see cref="Blob"/> is present, never both.
/// </summary>
public sealed record ChunkMessage
{
    /// <summary>Which chunk.</summary>
    public required ChunkId Id { get; init; }

    /// <summary>Name of the model to run.</summary>
    public required string Model { get; init; }

    /// <summary>How many items the chunk has, so that a chunk that cannot be read still has a size.</summary>
    public required int ItemCount { get; init; }

    /// <summary>The items, inline.</summary>
    public IReadOnlyList<ChunkItem>? Items { get; init; }

    /// <summary>Where the items lie as NDJSON lines of <see cref="ChunkItem"/>, when they are too large to travel.</summary>
    public BlobRange? Blob { get; init; }

    /// <summary>
    /// What the name of a blob begins with that holds an answer too large to travel; only on <c>chunks-external</c>. The worker adds
    /// what makes the name its own.
    /// </summary>
    public string? AnswerBlob { get; init; }

    /// <summary>The chunk's place in its lane; absent without one.</summary>
    public LanePlace? Lane { get; init; }

    /// <summary>The job's epoch when the chunk was sent; one that is older than the job's is dropped, since its items were sent again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Epoch { get; init; }

    /// <summary>The priority of the chunk's job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JobPriority Priority { get; init; }

    /// <summary>Whether the chunk goes the short way, by <c>chunks-express</c>, unless it has a lane.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Express { get; init; }

    /// <summary>
    /// Which of the chunk's items travel here, as their positions in the chunk; all if absent. <see cref="Items"/> has only these,
    /// <see cref="Blob"/> has all.
    /// </summary>
    public IReadOnlyList<int>? Only { get; init; }

    /// <summary>How often each of its items was attempted in messages before this one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempts { get; init; }

    /// <summary>How often its items went back to the queue because attempts in place did not help.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Returns { get; init; }

    /// <summary>How often its items went back to the queue because the model's endpoint throttled their calls.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Throttles { get; init; }

    /// <summary>What befell the messages before this one that were given up, oldest first. One of the items may be what kills workers.</summary>
    public IReadOnlyList<DeliveryRecord>? History { get; init; }
}

/// <summary>A chunk's place in an ordering domain.</summary>
/// <param name="Number">The lane, 0-based.</param>
/// <param name="Sequence">1-based position of the chunk among its lane's chunks, over the whole job.</param>
/// <param name="Last">Whether it is the last chunk of its lane in its page, after which the session can be let go.</param>
/// <param name="ByKey">
/// Whether items of one key run one at a time and in order within the chunk too; otherwise the lane only limits the job's concurrency.
/// </param>
/// <param name="StopOnFailure">Whether an item that fails for good has the later ones of its key skipped.</param>
/// <param name="Round">The round of the job that the chunk belongs to: keys that stopped in another one are run.</param>
public sealed record LanePlace(
    int Number,
    long Sequence,
    bool Last,
    bool ByKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool StopOnFailure = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Round = 0);

/// <summary>Names a chunk: <c>{job}/{page}/{chunk}</c>.</summary>
/// <param name="Job">Id of the job.</param>
/// <param name="Page">Number of the page in the job, 0-based.</param>
/// <param name="Chunk">
/// Number of the chunk in its page: its 0-based position among those sent together, above <see cref="JobLimits.MaxPageItems"/> times the
/// number of the dispatch, so that items that are sent again travel under another name.
/// </param>
public sealed record ChunkId(string Job, int Page, int Chunk)
{
    /// <summary>The id as message ids and correlation ids carry it.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Job}/{Page}/{Chunk}");
}

/// <summary>An item as it travels: a line of the job's stored input.</summary>
public sealed record ChunkItem
{
    /// <summary>Position of the item in the input, 0-based.</summary>
    public required long Index { get; init; }

    /// <summary>The item's id.</summary>
    public required string Id { get; init; }

    /// <summary>The item's key.</summary>
    public string? Key { get; init; }

    /// <summary>What the model runs on.</summary>
    public required JsonElement Input { get; init; }

    /// <summary>What to echo.</summary>
    [JsonConverter(typeof(NullIsAValueConverter))]
    public JsonElement? Meta { get; init; }
}

/// <summary>A claim check: bytes of a blob in the job container.</summary>
/// <param name="Name">Name of the blob.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Number of bytes.</param>
public sealed record BlobRange(string Name, long Offset, int Length);
