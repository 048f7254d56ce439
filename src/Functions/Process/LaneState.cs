using System.Text.Json;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Process;

/// <summary>The state of a lane's session: how far the lane has come.</summary>
/// <param name="Finished">Sequence of the last chunk that was answered; 0 before the first.</param>
internal sealed record LaneState(long Finished)
{
    /// <summary>Reads the session's state.</summary>
    public static LaneState Read(BinaryData? state) =>
        state is null || state.ToMemory().IsEmpty
            ? new LaneState(0)
            : JsonSerializer.Deserialize(state.ToMemory().Span, StorageJson.Default.LaneState) ?? new LaneState(0);

    /// <summary>The form that is stored.</summary>
    public BinaryData Write() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(this, StorageJson.Default.LaneState));
}
