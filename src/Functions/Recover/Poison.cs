using System.Text.Json.Serialization;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process;

namespace ModelJobs.Functions.Recover;

/// <summary>The body of a parked message of an item that kills or stalls its workers.</summary>
/// <param name="Model">The model that it was to be run on.</param>
/// <param name="Result">What its job says of it.</param>
/// <param name="Item">The item; absent if it is too large to travel, and to be found in the job's input by its index.</param>
internal sealed record Poison(string Model, ItemResult Result, ChunkItem? Item)
{
    /// <summary>Code of an item that kills or stalls its workers.</summary>
    public const string WorkerLost = "worker_lost";

    /// <summary>What the job says of such an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="attempts">How often it was attempted.</param>
    /// <param name="losses">How often a worker began it and did not end it.</param>
    /// <param name="history">What befell the messages that it travelled in.</param>
    public static ItemResult ResultOf(ChunkItem item, int attempts, int losses, IReadOnlyList<DeliveryRecord>? history) =>
        Failed(item, new JobError(WorkerLost, $"Item {item.Index} has killed or stalled its worker {losses} times."), attempts, history);

    /// <summary>The result of an item that is given up.</summary>
    public static ItemResult Failed(ChunkItem item, JobError error, int attempts, IReadOnlyList<DeliveryRecord>? history) =>
        ChunkRunner.NotRun(item, ItemStatus.Failed, error) with { Attempts = attempts, History = history };
}

/// <summary>Source-generated JSON of poison items; to be used with the options of <see cref="ContractsJson.Wire"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Poison))]
internal sealed partial class PoisonJson : JsonSerializerContext
{
    /// <summary>Leaves text as it is, as everything that travels does.</summary>
    public static PoisonJson Wire => field ??= new(new System.Text.Json.JsonSerializerOptions(Default.Options)
    {
        Encoder = ContractsJson.Wire.Options.Encoder,
        MaxDepth = ContractsJson.Wire.Options.MaxDepth,
    });
}
