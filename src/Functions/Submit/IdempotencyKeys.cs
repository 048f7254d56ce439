using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.AspNetCore.Http;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Submit;

/// <summary>
/// Remembers which job's id an idempotency key stands for: a blob per key, which can be created only once. Ids carry their time, so one
/// cannot be made from the key alone.
/// </summary>
internal sealed class IdempotencyKeys(JobBlobs blobs, TimeProvider time)
{
    /// <summary>Name of a key's blob. Each caller has keys of their own; the line feed between is in no key.</summary>
    public static string BlobOf(string key, Caller caller) => JobBlobs.IdempotencyKey(
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(caller.Tag is null ? key : $"{caller.Tag}\n{key}"))));

    /// <summary>The id that the key stands for: the one of its first call, however many calls there are and wherever they ended.</summary>
    public async Task<string> JobIdOfAsync(string key, Caller caller, CancellationToken cancellationToken)
    {
        await blobs.EnsureContainerAsync(cancellationToken);
        var blob = blobs.Blob(BlobOf(key, caller));
        var id = JobId.Create(time, caller.Tag);
        try
        {
            var onlyIfNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await blob.UploadAsync(BinaryData.FromString(id).ToStream(), onlyIfNew, cancellationToken);
            return id;
        }
        catch (RequestFailedException exists) when (exists.Status is StatusCodes.Status409Conflict or StatusCodes.Status412PreconditionFailed)
        {
            return await ReadAsync(blob, caller, cancellationToken);
        }
    }

    /// <summary>The id that the key stands for; null if there was no call with it.</summary>
    public async Task<string?> FindAsync(string key, Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(blobs.Blob(BlobOf(key, caller)), caller, cancellationToken);
        }
        catch (RequestFailedException absent) when (absent.Status == StatusCodes.Status404NotFound)
        {
            return null;
        }
    }

    private static async Task<string> ReadAsync(BlockBlobClient blob, Caller caller, CancellationToken cancellationToken)
    {
        var id = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToString();
        return JobId.IsValid(id) && JobId.OwnerOf(id) == caller.Tag ? id : throw new InvalidDataException($"Blob '{blob.Name}' does not hold the id of a job of the key's owner.");
    }
}
