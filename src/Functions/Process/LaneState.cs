using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Functions.Process;

/// <summary>The state of a lane's session: how far the lane has come.</summary>
/// <param name="Finished">Sequence of the last chunk that was answered; 0 before the first.</param>
internal sealed record LaneState(long Finished)
{
    /// <summary>Reads the session's state.</summary>
    public static LaneState Read(BinaryData? state) =>
        state is null || state.ToMemory().IsEmpty
            ? new LaneState(0)
            : JsonSerializer.Deserialize(state.ToMemory().Span, LaneStateJson.Default.LaneState) ?? new LaneState(0);

    /// <summary>The form that is stored.</summary>
    public BinaryData Write() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(this, LaneStateJson.Default.LaneState));
}

/// <summary>Source-generated JSON of lane states.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LaneState))]
internal sealed partial class LaneStateJson : JsonSerializerContext;
