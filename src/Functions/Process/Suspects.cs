using System.Globalization;
using Azure;
using ModelJobs.Contracts;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Items one of which may be what kills its workers, since their chunk was given up before. A worker that dies takes along everything
/// that it has at hand, so that being lost proves nothing against an item. Hence suspects run one at a time in a process,
/// and each time that one is begun is on record: what was begun often and never ended is the poison.
/// </summary>
internal sealed class Suspects(JobBlobs blobs) : IDisposable
{
    /// <summary>How often an item may be begun without ending before it is taken for poison; as often as its queue delivers a message.</summary>
    public const int MaxTries = 5;

    private const int NotFound = 404;
    private readonly SemaphoreSlim _alone = new(1, 1);

    /// <summary>Whether a chunk is suspect.</summary>
    public static bool Include(ChunkMessage chunk) => chunk.History is { Count: > 0 };

    /// <summary>Runs suspects while no others are run in this process.</summary>
    public async Task AloneAsync(Func<Task> run, CancellationToken cancellationToken)
    {
        await _alone.WaitAsync(cancellationToken);
        try
        {
            await run();
        }
        finally
        {
            _alone.Release();
        }
    }

    /// <summary>How often an item was begun since it last ended.</summary>
    public async Task<int> TriesAsync(ChunkId chunk, long index, CancellationToken cancellationToken)
    {
        try
        {
            var tries = await blobs.Blob(JobBlobs.ItemTries(chunk, index)).DownloadContentAsync(cancellationToken);
            return int.Parse(tries.Value.Content.ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (RequestFailedException none) when (none.Status == NotFound)
        {
            return 0;
        }
    }

    /// <summary>Records that an item is about to be run.</summary>
    /// <param name="chunk">Its chunk.</param>
    /// <param name="index">The item.</param>
    /// <param name="tries">How often it was begun, this time included.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task BeginAsync(ChunkId chunk, long index, int tries, CancellationToken cancellationToken)
    {
        var content = BinaryData.FromString(tries.ToString(CultureInfo.InvariantCulture));
        await blobs.Blob(JobBlobs.ItemTries(chunk, index)).UploadAsync(content.ToStream(), cancellationToken: cancellationToken);
    }

    /// <summary>Records that an item ended, however it did.</summary>
    public Task EndAsync(ChunkId chunk, long index, CancellationToken cancellationToken) =>
        blobs.Blob(JobBlobs.ItemTries(chunk, index)).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _alone.Dispose();
}
