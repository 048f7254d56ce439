using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace ModelJobs.Functions.Status;

/// <summary>Reads a blob that only grows, from where the last read ended.</summary>
internal sealed class GrowingBlob(BlockBlobClient blob)
{
    private long _position;

    /// <summary>Copies what has come since the last call; nothing while the blob does not exist.</summary>
    public async Task CopyNewAsync(Stream target, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            if (properties.ContentLength <= _position)
            {
                return;
            }

            var range = new BlobDownloadOptions { Range = new HttpRange(_position, properties.ContentLength - _position) };
            using var download = (await blob.DownloadStreamingAsync(range, cancellationToken)).Value;
            await download.Content.CopyToAsync(target, cancellationToken);
            _position = properties.ContentLength;
        }
        catch (RequestFailedException absent) when (absent.Status == StatusNotFound)
        {
            // No page is assembled yet.
        }
    }

    private const int StatusNotFound = 404;
}
