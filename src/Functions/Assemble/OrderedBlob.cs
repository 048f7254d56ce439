using System.Globalization;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Assemble;

/// <summary>
/// A block blob whose blocks are named by page, so that it can be written in any number of idempotent steps: staging a block again
/// replaces it, and a commit takes all blocks in the order of their names.
/// </summary>
internal sealed class OrderedBlob(JobBlobs blobs)
{
    /// <summary>Writes the blocks of one page.</summary>
    public PageBlocks OpenBlocks(string blob, int page) => new(blobs.Blob(blob), page);

    /// <summary>Makes every block staged so far part of the blob.</summary>
    public async Task CommitAsync(string blob, CancellationToken cancellationToken)
    {
        var client = blobs.Blob(blob);
        var staged = await BlocksAsync(client, cancellationToken);
        await client.CommitBlockListAsync(
            staged.Select(block => block.Name).Distinct(StringComparer.Ordinal).OrderBy(Decode, StringComparer.Ordinal), cancellationToken: cancellationToken);
    }

    private static async Task<IEnumerable<BlobBlock>> BlocksAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            BlockList list = await blob.GetBlockListAsync(BlockListTypes.All, cancellationToken: cancellationToken);
            return list.CommittedBlocks.Concat(list.UncommittedBlocks);
        }
        catch (RequestFailedException absent) when (absent.Status == 404)
        {
            // No page had a line for this blob yet: an empty list makes it an empty blob.
            return [];
        }
    }

    private static string Decode(string name) => Encoding.ASCII.GetString(Convert.FromBase64String(name));
}

/// <summary>Lines of one page on their way into blocks.</summary>
internal sealed class PageBlocks(BlockBlobClient blob, int page) : IAsyncDisposable
{
    private const int BlockBytes = 8 * 1024 * 1024;
    private readonly MemoryStream _block = new();
    private int _blocks;

    /// <summary>Adds a line; a full block is staged.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        await _block.WriteAsync(line, cancellationToken);
        _block.WriteByte((byte)'\n');
        if (_block.Length >= BlockBytes)
        {
            await FlushAsync(cancellationToken);
        }
    }

    /// <summary>Stages what is left.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_block.Length == 0)
        {
            return;
        }

        // All names of a blob must have one length.
        var name = string.Create(CultureInfo.InvariantCulture, $"{page:D8}-{_blocks++:D6}");
        _block.Position = 0;
        await blob.StageBlockAsync(Convert.ToBase64String(Encoding.ASCII.GetBytes(name)), _block, cancellationToken: cancellationToken);
        _block.SetLength(0);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _block.DisposeAsync();
}
