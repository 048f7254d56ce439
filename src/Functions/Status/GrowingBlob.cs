using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace ModelJobs.Functions.Status;

/// <summary>Reads a blob that only grows, from where the last read ended.</summary>
internal sealed class GrowingBlob(BlockBlobClient blob)
{
    private const int NotFound = 404;
    private const int NoSuchRange = 416;

    private long _position;

    /// <summary>Whether anything was copied.</summary>
    public bool HasRead => _position > 0;

    /// <summary>Copies what has come since the last call; nothing while the blob does not exist.</summary>
    public async Task CopyNewAsync(Stream target, CancellationToken cancellationToken)
    {
        try
        {
            // One request, without an end: what it answers is of one version of the blob, whoever replaces it meanwhile.
            var range = new BlobDownloadOptions { Range = new HttpRange(_position) };
            using var download = (await blob.DownloadStreamingAsync(range, cancellationToken)).Value;
            await download.Content.CopyToAsync(target, cancellationToken);
            _position += download.Details.ContentLength;
        }
        catch (RequestFailedException absent) when (absent.Status is NotFound or NoSuchRange)
        {
            // No page is assembled yet, or none since the last call.
        }
    }
}
