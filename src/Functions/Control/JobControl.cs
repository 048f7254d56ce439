using System.Text.Json.Serialization;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Control;

/// <summary>Whether a job's items are to be run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ControlState>))]
internal enum ControlState
{
    /// <summary>They are.</summary>
    Running,

    /// <summary>None is to be begun. Chunks that are taken from the queue are dropped: they are sent again under the next epoch.</summary>
    Paused,

    /// <summary>What was not run yet is to be answered as canceled.</summary>
    Stopped,
}

/// <summary>
/// What a job's workers, collectors and orchestration must know and that can change while it runs. A blob of its own, so that each of them
/// sees a change within seconds without anybody telling it.
/// </summary>
/// <param name="Version">Counts the changes: of two, the higher holds.</param>
/// <param name="Epoch">Counts how often everything unanswered was sent again. Chunks of an older epoch are dropped.</param>
/// <param name="State">Whether items are to be run.</param>
/// <param name="Reason">Why the job is stopped: what its canceled items say; null otherwise.</param>
internal sealed record JobControl(int Version, int Epoch, ControlState State, JobError? Reason = null)
{
    /// <summary>What holds for a job that nobody has interfered with; there is no blob then.</summary>
    public static readonly JobControl Initial = new(0, 0, ControlState.Running);

    /// <summary>Code of items of a job that a person has canceled.</summary>
    public const string Canceled = "canceled";

    /// <summary>Code of items of a job that has taken too long.</summary>
    public const string DeadlineExceeded = "deadline_exceeded";

    /// <summary>Code of items of a job with too many failed items.</summary>
    public const string ToleranceExceeded = "tolerance_exceeded";

    /// <summary>What items say that were not run since the job is stopped.</summary>
    [JsonIgnore]
    public JobError StopReason => Reason ?? new JobError(Canceled, "The job was stopped.");

    /// <summary>Whether a chunk is neither to be run nor to be answered: its items were or will be sent again.</summary>
    public bool Drops(ChunkMessage chunk) => chunk.Epoch < Epoch || State == ControlState.Paused;

    /// <summary>The control of a job that is stopped, or null if it is stopped already.</summary>
    public JobControl? Stop(JobError reason) =>
        State == ControlState.Stopped ? null : this with { Version = Version + 1, State = ControlState.Stopped, Reason = reason };

    /// <summary>The control of a job that is paused, or null if it is not running.</summary>
    public JobControl? Pause() => State == ControlState.Running ? this with { Version = Version + 1, State = ControlState.Paused } : null;

    /// <summary>The control of a job that goes on, or null if it is not paused.</summary>
    public JobControl? Resume() =>
        State == ControlState.Paused ? new JobControl(Version + 1, Epoch + 1, ControlState.Running) : null;

    /// <summary>The control of a job of which everything unanswered is sent again, or null if it is not at <paramref name="epoch"/> or not running any more.</summary>
    public JobControl? SendAgain(int epoch) =>
        State == ControlState.Running && Epoch == epoch ? this with { Version = Version + 1, Epoch = Epoch + 1 } : null;

    /// <summary>The control of a job that had ended and runs again.</summary>
    public JobControl Reopen() => new(Version + 1, Epoch + 1, ControlState.Running);
}

/// <summary>Source-generated JSON of controls.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobControl))]
internal sealed partial class JobControlJson : JsonSerializerContext;
