namespace ModelJobs.Tests.Support.Blobs;

/// <summary>A part of a blob, by the id that its writer gave it.</summary>
internal sealed record StoredBlock(string Id, byte[] Content);

/// <summary>A block blob: what is committed, and what is staged for the next commit.</summary>
internal sealed class StoredBlob
{
    /// <summary>The blocks that make the content; null before the first commit. A blob put whole has one, without an id.</summary>
    public IReadOnlyList<StoredBlock>? Committed { get; private set; }

    /// <summary>Staged blocks in the order of their staging; staging an id again replaces it.</summary>
    public List<StoredBlock> Uncommitted { get; } = [];

    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = new Dictionary<string, string>();

    public string ContentType { get; private set; } = "application/octet-stream";

    /// <summary>Quoted, as headers carry it.</summary>
    public string ETag { get; private set; } = "";

    public DateTimeOffset LastModified { get; private set; }

    public long Length => Committed?.Sum(block => (long)block.Content.Length) ?? 0;

    public byte[] Content => Committed switch
    {
        null => [],
        [var whole] => whole.Content,
        var blocks => [.. blocks.SelectMany(block => block.Content)],
    };

    public void Commit(IReadOnlyList<StoredBlock> blocks, IReadOnlyDictionary<string, string> metadata, string? contentType, string etag, DateTimeOffset now)
    {
        Committed = blocks;
        Uncommitted.Clear();
        Metadata = metadata;
        ContentType = contentType ?? ContentType;
        ETag = etag;
        LastModified = now;
    }

    public void Stage(StoredBlock block)
    {
        Uncommitted.RemoveAll(staged => staged.Id == block.Id);
        Uncommitted.Add(block);
    }
}
