using System.Text.Json;
using System.Text.Json.Serialization;
using Azure;
using Azure.Storage.Blobs.Models;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Purge;

/// <summary>Where the next housekeeping goes on.</summary>
/// <param name="Jobs">Continuation of the list of jobs; null at its beginning.</param>
/// <param name="Folders">Continuation of the list of folders; null at its beginning.</param>
internal sealed record HousekeepingCursor(string? Jobs = null, string? Folders = null)
{
    private const int NotFound = 404;

    /// <summary>Reads where the last one ended. What cannot be read is taken for the beginning: no place is passed over for good.</summary>
    public static async Task<HousekeepingCursor> ReadAsync(JobBlobs blobs, CancellationToken cancellationToken)
    {
        try
        {
            var content = await blobs.Blob(JobBlobs.Housekeeping).DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize(content.Value.Content.ToMemory().Span, HousekeepingJson.Default.HousekeepingCursor) ?? new HousekeepingCursor();
        }
        catch (Exception unreadable) when (unreadable is JsonException or RequestFailedException { Status: NotFound })
        {
            return new HousekeepingCursor();
        }
    }

    /// <summary>Stores it.</summary>
    public Task WriteAsync(JobBlobs blobs, CancellationToken cancellationToken) => blobs.Blob(JobBlobs.Housekeeping).UploadAsync(
        BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(this, HousekeepingJson.Default.HousekeepingCursor)).ToStream(),
        new BlobUploadOptions(),
        cancellationToken);
}

/// <summary>Source-generated JSON of cursors.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HousekeepingCursor))]
internal sealed partial class HousekeepingJson : JsonSerializerContext;
