using Azure;
using Azure.Storage.Blobs.Models;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Plan;

/// <summary>
/// Which of a page's items a dispatch sends. The first dispatch of a page sends all and stores nothing; what a later one sends is
/// stored before it is sent, so that a dispatch that is repeated sends the same, and so that its chunks can be cut again.
/// </summary>
internal sealed class PageScopes(JobBlobs blobs)
{
    private const int Conflict = 409;
    private const int PreconditionFailed = 412;

    /// <summary>Reads a dispatch's scope.</summary>
    /// <param name="job">The job.</param>
    /// <param name="page">The page.</param>
    /// <param name="dispatch">Number of the dispatch.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RequestFailedException">404: there was no such dispatch.</exception>
    public async Task<ItemSet> ReadAsync(string job, PagePlan page, int dispatch, CancellationToken cancellationToken)
    {
        if (dispatch == 0)
        {
            return ItemSet.First(page.Items);
        }

        var content = await blobs.Blob(JobBlobs.PageScope(job, page.Page, dispatch)).DownloadContentAsync(cancellationToken);
        return ItemSet.FromBytes(content.Value.Content.ToMemory().Span);
    }

    /// <summary>Stores a dispatch's scope, unless there is one.</summary>
    /// <returns>The scope that is stored, be it another's.</returns>
    public async Task<ItemSet> CreateOrReadAsync(string job, PagePlan page, int dispatch, ItemSet scope, CancellationToken cancellationToken)
    {
        try
        {
            var onlyIfNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await blobs.Blob(JobBlobs.PageScope(job, page.Page, dispatch))
                .UploadAsync(BinaryData.FromBytes(scope.ToBytes()).ToStream(), onlyIfNew, cancellationToken);
            return scope;
        }
        catch (RequestFailedException exists) when (exists.Status is Conflict or PreconditionFailed)
        {
            return await ReadAsync(job, page, dispatch, cancellationToken);
        }
    }
}
