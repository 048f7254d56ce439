using System.Text.Json;
using System.Text.Json.Serialization;
using ModelJobs.Contracts;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Redrive;

/// <summary>Which of a job's parked items a redrive or discard is about, as stored. A list that is null stands for all.</summary>
/// <param name="Codes">Error codes.</param>
/// <param name="Ids">Ids of items.</param>
internal sealed record RedriveSelection(HashSet<string>? Codes, HashSet<string>? Ids)
{
    /// <summary>Whether the items' lines must be read to know which of them are selected.</summary>
    [JsonIgnore]
    public bool IsAll => Codes is null && Ids is null;

    /// <summary>What a request selects.</summary>
    public static RedriveSelection Of(ParkedSelection request) => new(request.Codes?.ToHashSet(StringComparer.Ordinal), request.Ids?.ToHashSet(StringComparer.Ordinal));

    /// <summary>Whether an item that is parked is selected.</summary>
    public bool Has(ItemResult item) =>
        Codes?.Contains(item.Error?.Code ?? "") != false && Ids?.Contains(item.Id) != false;

    /// <summary>Reads a stored selection.</summary>
    /// <param name="blobs">Where it is.</param>
    /// <param name="name">Name of its blob.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<RedriveSelection> ReadAsync(JobBlobs blobs, string name, CancellationToken cancellationToken)
    {
        var content = await blobs.Blob(name).DownloadContentAsync(cancellationToken);
        return JsonSerializer.Deserialize(content.Value.Content.ToMemory().Span, RedriveJson.Default.RedriveSelection)
            ?? throw new InvalidDataException($"Blob '{name}' is empty.");
    }

    /// <summary>The form that is stored.</summary>
    public BinaryData Write() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(this, RedriveJson.Default.RedriveSelection));
}

/// <summary>Source-generated JSON of selections.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RedriveSelection))]
internal sealed partial class RedriveJson : JsonSerializerContext;
