using System.Buffers;
using System.Globalization;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Assemble;

/// <summary>
/// A block blob whose blocks are named by page, so that it can be written in any number of idempotent steps: staging a block again
/// replaces it, and a commit puts the blocks of some pages in the place of those that these pages had, in the order of their names.
/// </summary>
internal sealed class OrderedBlob(JobBlobs blobs)
{
    private const int NotFound = 404;

    /// <summary>Writes the blocks of one page.</summary>
    public PageBlocks OpenBlocks(string blob, int page) => new(blobs.Blob(blob), page);

    /// <summary>What the blob is now; null if it is not there. To be asked before the blocks of a commit are made.</summary>
    public async Task<ETag?> VersionAsync(string blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await blobs.Blob(blob).GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException absent) when (absent.Status == NotFound)
        {
            return null;
        }
    }

    /// <summary>Makes staged blocks part of the blob. What their pages had in it before is gone.</summary>
    /// <param name="blob">Name of the blob.</param>
    /// <param name="version">What the blob was before the blocks were made: they say what was true then. Null if it was not there.</param>
    /// <param name="pages">The pages.</param>
    /// <param name="staged">
    /// Names of the pages' blocks. Not looked up among those that are staged: a commit of another run of this step, of the same blocks,
    /// has them committed, and what is staged nowhere would be taken for none.
    /// </param>
    /// <param name="cancellationToken">Ends the call; it may have taken effect.</param>
    /// <exception cref="RequestFailedException">409 or 412: somebody else has committed since <paramref name="version"/>.</exception>
    public async Task CommitAsync(
        string blob, ETag? version, IReadOnlySet<int> pages, IReadOnlyCollection<string> staged, CancellationToken cancellationToken)
    {
        var client = blobs.Blob(blob);
        List<string> before = version is null ? [] : [.. Names((await client.GetBlockListAsync(BlockListTypes.Committed, cancellationToken: cancellationToken)).Value.CommittedBlocks)];
        var kept = before.Where(name => !pages.Contains(PageOf(name))).ToList();
        if (staged.Count == 0 && kept.Count == before.Count)
        {
            // Most jobs have no errors, and most calls nothing new about them.
            return;
        }

        var options = new CommitBlockListOptions
        {
            Conditions = version is { } known ? new BlobRequestConditions { IfMatch = known } : new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        await client.CommitBlockListAsync(kept.Concat(staged).Order(StringComparer.Ordinal).Select(Encode), options, cancellationToken);
    }

    private static IEnumerable<string> Names(IEnumerable<BlobBlock> blocks) =>
        blocks.Select(block => Encoding.ASCII.GetString(Convert.FromBase64String(block.Name)));

    private static int PageOf(string name) => int.Parse(name.AsSpan(0, PageBlocks.PageDigits), NumberStyles.None, CultureInfo.InvariantCulture);

    internal static string Encode(string name) => Convert.ToBase64String(Encoding.ASCII.GetBytes(name));
}

/// <summary>Lines of one page on their way into blocks.</summary>
internal sealed class PageBlocks(BlockBlobClient blob, int page) : IAsyncDisposable
{
    /// <summary>
    /// Size of a full block. A page has at least one, and a blob takes 50,000: what a job's largest number of pages leaves holds nearly
    /// a terabyte at this size.
    /// </summary>
    private const int BlockBytes = 32 * 1024 * 1024;

    /// <summary>How many digits of a block's name are the page.</summary>
    internal const int PageDigits = 8;

    /// <summary>Bytes read at once where lines are copied.</summary>
    private const int CopyBytes = 64 * 1024;

    private readonly MemoryStream _block = new();
    private readonly List<string> _names = [];

    /// <summary>Names of the blocks that are staged.</summary>
    public IReadOnlyList<string> Names => _names;

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

    /// <summary>Adds lines that each end in a line feed; full blocks are staged. The same lines make the same blocks.</summary>
    public async Task CopyAsync(Stream lines, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            // Blocks end at their size and not where a read happens to: a run again must leave none of an earlier one behind.
            while (await lines.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, BlockBytes - _block.Length)), cancellationToken) is > 0 and var read)
            {
                _block.Write(buffer, 0, read);
                if (_block.Length >= BlockBytes)
                {
                    await FlushAsync(cancellationToken);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
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
        var name = string.Create(CultureInfo.InvariantCulture, $"{page:D8}-{_names.Count:D6}");
        _block.Position = 0;
        await blob.StageBlockAsync(OrderedBlob.Encode(name), _block, cancellationToken: cancellationToken);
        _names.Add(name);
        _block.SetLength(0);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _block.DisposeAsync();
}
