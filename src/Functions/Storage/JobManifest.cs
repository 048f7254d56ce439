using System.Text.Json.Serialization;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Storage;

/// <summary>What was submitted. Written once; the blob's creation is the moment at which the job exists.</summary>
internal sealed record JobManifest
{
    /// <summary>Id of the job.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Whether external workers run the model. Of the job and not of its model, whose configuration may change while the job runs.</summary>
    public bool External { get; init; }

    /// <summary>Options, defaults filled in.</summary>
    public required JobOptions Options { get; init; }

    /// <summary>Name of the input blob.</summary>
    public required string Input { get; init; }

    /// <summary>Number of items.</summary>
    public required long Items { get; init; }

    /// <summary>Bytes of the input as stored; 0 of a job that was accepted before they were counted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Bytes { get; init; }

    /// <summary>The plan, if it is short; null: PlanJob makes it. The blob of the plan is there too once the first page is begun.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PagePlan>? Pages { get; init; }

    /// <summary>SHA-256 of model, options and items, in hex: tells a repeated request from a different one.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Name of the blob of the idempotency key that made the job; null if none did.</summary>
    public string? KeyBlob { get; init; }

    /// <summary>Who submitted it, as <c>{tenant}/{object id}</c> of Microsoft Entra ID; null where callers are not told apart. What decides is the id.</summary>
    public string? Owner { get; init; }

    /// <summary>When the job was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Source-generated JSON of manifests.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
