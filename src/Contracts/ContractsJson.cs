using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelJobs.Contracts;

/// <summary>
/// Source-generated JSON of everything that travels: camel case, absent instead of null, unknown members refused nowhere but in
/// requests. Use <see cref="Wire"/>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(ParkedSelection))]
[JsonSerializable(typeof(RedriveRequest))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(WebhookEvent))]
[JsonSerializable(typeof(JobEstimate))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ChunkMessage))]
[JsonSerializable(typeof(ResultMessage))]
[JsonSerializable(typeof(ItemResult))]
[JsonSerializable(typeof(WorkerAnswer))]
[JsonSerializable(typeof(WorkerResult))]
[JsonSerializable(typeof(Item))]
[JsonSerializable(typeof(ChunkItem))]
public sealed partial class ContractsJson : JsonSerializerContext
{
    /// <summary>
    /// Leaves text as it is where JSON allows it. The generated <see cref="Default"/> would escape all that is not ASCII, which
    /// doubles the size of most of the world's texts; nothing here is ever embedded in HTML.
    /// </summary>
    public static ContractsJson Wire =>
        // Made late: the order of static initializers over the files of a partial class is undefined.
        field ??= new(new JsonSerializerOptions(Default.Options)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = JobLimits.MaxMessageDepth,
        });
}
