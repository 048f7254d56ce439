using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process;

/// <summary>The state of a lane's session: how far the lane has come.</summary>
/// <param name="Epoch">The job's epoch in which it has come so far. In each epoch a lane begins anew.</param>
/// <param name="Finished">Sequence of the last chunk that was answered; 0 before the first.</param>
internal sealed record LaneState(int Epoch = 0, long Finished = 0)
{
    /// <summary>Most keys that are remembered as stopped: about 150 KB of the 256 KB that Service Bus Standard keeps for a session.</summary>
    public const int MaxStoppedKeys = 4000;

    private const int DigestBytes = 8;

    /// <summary>The round of the job in which keys were stopped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Round { get; init; }

    /// <summary>Digests of the keys of which an item failed for good, with that item's index; null if none did or that stops nothing.</summary>
    public IReadOnlyDictionary<string, long>? StoppedKeys { get; init; }

    /// <summary>The item whose key was one too many to be remembered: everything after it is stopped.</summary>
    public long? StoppedAll { get; init; }

    /// <summary>Until when the chunk after the last one stays away, since the endpoint takes no calls: those after it need not be looked at before.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>How far the chunk after the last one has come, once that is worth keeping.</summary>
    public ChunkProgress? Progress { get; init; }

    /// <summary>Reads the session's state.</summary>
    public static LaneState Read(BinaryData? state) =>
        state is null || state.ToMemory().IsEmpty
            ? new LaneState()
            : JsonSerializer.Deserialize(state.ToMemory().Span, LaneStateJson.Default.LaneState) ?? new LaneState();

    /// <summary>The form that is stored.</summary>
    public BinaryData Write() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(this, LaneStateJson.Default.LaneState));

    /// <summary>The state for a chunk of an epoch. Keys stay stopped in all epochs of a round: those that a redrive is about are run again.</summary>
    public LaneState In(int epoch, int round) =>
        epoch <= Epoch ? this
        : round == Round ? new LaneState(epoch) { Round = round, StoppedKeys = StoppedKeys, StoppedAll = StoppedAll }
        : new LaneState(epoch) { Round = round };

    /// <summary>Why an item is not to be run; null if it is. An item that stopped others may have to be run again, if its answer was lost.</summary>
    public JobError? WhyStopped(ChunkItem item)
    {
        if (StoppedAll is { } last && item.Index > last)
        {
            return new JobError(
                ChunkRun.KeyStopped, $"More than {MaxStoppedKeys} keys of this lane have stopped, the last by item {last}, so that the whole lane has.");
        }

        return item.Key is { } key && StoppedKeys is { } keys && keys.TryGetValue(Digest(key), out var index) && item.Index > index ? ChunkRun.StoppedBy(index) : null;
    }

    /// <summary>The state with some more keys stopped.</summary>
    public LaneState Stop(IReadOnlyDictionary<string, long> keys)
    {
        if (keys.Count == 0 || StoppedAll is not null)
        {
            return this;
        }

        var stopped = new Dictionary<string, long>(StoppedKeys ?? new Dictionary<string, long>(), StringComparer.Ordinal);
        foreach (var (key, index) in keys)
        {
            if (stopped.TryAdd(Digest(key), index) && stopped.Count > MaxStoppedKeys)
            {
                return this with { StoppedKeys = null, StoppedAll = index };
            }
        }

        return this with { StoppedKeys = stopped };
    }

    // Keys have up to 256 characters; two of one lane with the same eight bytes of a digest will not be met.
    private static string Digest(string key) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, DigestBytes));
}

/// <summary>How far a chunk of a lane has come.</summary>
/// <param name="Sequence">The chunk.</param>
/// <param name="Done">Positions of its items that were answered, as an item set stores them.</param>
/// <param name="Attempts">Most attempts of one of its other items.</param>
/// <param name="Returns">How often those have waited for another round of attempts.</param>
/// <param name="Delivery">The delivery of the chunk's message that has brought it so far.</param>
internal sealed record ChunkProgress(long Sequence, ReadOnlyMemory<byte> Done, int Attempts, int Returns, int Delivery)
{
    /// <summary>Position of the item that was begun last, in a chunk one of whose items may kill workers.</summary>
    public int? Trying { get; init; }

    /// <summary>How often its items have waited because the model's endpoint throttled their calls.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Throttles { get; init; }

    /// <summary>How often that item was begun.</summary>
    public int Tries { get; init; }
}

/// <summary>Source-generated JSON of lane states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LaneState))]
internal sealed partial class LaneStateJson : JsonSerializerContext;
