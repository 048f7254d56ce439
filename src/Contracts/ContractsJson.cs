using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>Source-generated JSON of everything that travels: camel case, absent instead of null, unknown members refused nowhere but in requests.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ChunkMessage))]
[JsonSerializable(typeof(ResultMessage))]
[JsonSerializable(typeof(ItemResult))]
[JsonSerializable(typeof(Item))]
[JsonSerializable(typeof(ChunkItem))]
public sealed partial class ContractsJson : JsonSerializerContext;
