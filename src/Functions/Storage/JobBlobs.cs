using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Storage;

/// <summary>
/// Where a job's blobs lie: one container, <c>{job}/...</c> below it.
/// <code>
/// {job}/job.json                     what was submitted (JobManifest); its existence makes the job
/// {job}/input-{attempt}.jsonl        the items, one ChunkItem a line
/// {job}/control.json                 whether the job's items are to be run (JobControl); absent until somebody interferes
/// {job}/redrive-{epoch}.json         which parked items a redrive or discard is about
/// {job}/plan.jsonl                   one fixed-width PagePlan a line
/// {job}/pages/{page}/scope-{dispatch}.bits     which of the page's items a dispatch sends; absent for the first, which sends all
/// {job}/pages/{page}/chunks-{dispatch}.jsonl   chunks too large to travel whose items do not lie together in the input
/// {job}/pages/{page}/result-{n}-{sha256}.jsonl  a chunk's results, too large to travel; an external worker ends the name as it likes
/// {job}/pages/{page}/tries-{n}-{index}  how often a worker has begun an item that may kill workers, and not ended it
/// {job}/pages/{page}/part-{round}-{n}.jsonl    collected results, sorted by index within the part; of two lines for one item that of the later round holds
/// {job}/output.jsonl, errors.jsonl   the assembled results, in input order
/// housekeeping.json                  where the next housekeeping goes on
/// _models/{model}/{instance}        how an instance uses a model, as metadata (BalanceEntry)
/// keys/{sha256}                      the id of the job that an idempotency key made
/// </code>
/// </summary>
internal sealed class JobBlobs(BlobServiceClient service, JobSettings settings) : IDisposable
{
    /// <summary>Name of the blob that says where the next housekeeping goes on.</summary>
    public const string Housekeeping = "housekeeping.json";

    /// <summary>What the names of all entries of the board begin with.</summary>
    public const string Balances = "_models/";

    private const int RoundDigits = 10;

    private readonly BlobContainerClient _container = service.GetBlobContainerClient(settings.Container);
    private readonly SemaphoreSlim _creating = new(1, 1);
    private volatile bool _created;

    /// <summary>What the names of all blobs of a job begin with.</summary>
    public static string Folder(string job) => $"{job}/";

    public static string Manifest(string job) => $"{job}/job.json";

    public static string IdempotencyKey(string digest) => $"keys/{digest}";

    /// <summary>What the names of the entries of a model begin with. Its case does not tell models apart.</summary>
    public static string Balance(string model) => $"{Balances}{Uri.EscapeDataString(model.ToLowerInvariant())}/";

    public static string Input(string job, string attempt) => $"{job}/input-{attempt}.jsonl";

    public static string Plan(string job) => $"{job}/plan.jsonl";

    public static string Output(string job) => $"{job}/output.jsonl";

    public static string Errors(string job) => $"{job}/errors.jsonl";

    public static string Page(string job, int page) => string.Create(CultureInfo.InvariantCulture, $"{job}/pages/{page:D6}/");

    public static string Control(string job) => $"{job}/control.json";

    public static string Redrive(string job, int epoch) => string.Create(CultureInfo.InvariantCulture, $"{job}/redrive-{epoch:D6}.json");

    public static string PageChunks(string job, int page, int dispatch) =>
        string.Create(CultureInfo.InvariantCulture, $"{Page(job, page)}chunks-{dispatch:D10}.jsonl");

    public static string PageScope(string job, int page, int dispatch) =>
        string.Create(CultureInfo.InvariantCulture, $"{Page(job, page)}scope-{dispatch:D10}.bits");

    /// <summary>What the names of all results of a chunk begin with.</summary>
    public static string ChunkResults(ChunkId id) => string.Create(CultureInfo.InvariantCulture, $"{Page(id.Job, id.Page)}result-{id.Chunk:D5}-");

    /// <summary>
    /// Named after its content: a chunk that was delivered twice may have two answers that differ, and each message must find the one
    /// that it was sent with.
    /// </summary>
    public static string ChunkResult(ChunkId id, string digest) => $"{ChunkResults(id)}{digest}.jsonl";

    public static string ItemTries(ChunkId id, long index) =>
        string.Create(CultureInfo.InvariantCulture, $"{Page(id.Job, id.Page)}tries-{id.Chunk:D5}-{index}");

    public static string PageParts(string job, int page) => Page(job, page) + "part-";

    /// <summary>What the names of a page's parts of one round begin with.</summary>
    public static string PageParts(string job, int page, int round) => string.Create(CultureInfo.InvariantCulture, $"{PageParts(job, page)}{round:D10}-");

    public static string PagePart(string job, int page, int round, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{PageParts(job, page, round)}{part:D5}.jsonl");

    /// <summary>The round of a part, from the part's name.</summary>
    public static int RoundOfPart(string name)
    {
        var prefix = name.LastIndexOf("part-", StringComparison.Ordinal) + "part-".Length;
        return int.Parse(name.AsSpan(prefix, RoundDigits), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    public BlockBlobClient Blob(string name) => _container.GetBlockBlobClient(name);

    /// <summary>The folders at the top of the container whose names begin with a prefix.</summary>
    public AsyncPageable<BlobHierarchyItem> ListFoldersAsync(string prefix, CancellationToken cancellationToken) =>
        _container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancellationToken);

    public AsyncPageable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken) =>
        _container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken);

    /// <summary>Reads a blob's bytes <paramref name="offset"/> to <paramref name="offset"/> + <paramref name="length"/> at once.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return default;
        }

        var options = new BlobDownloadOptions { Range = new HttpRange(offset, length) };
        var content = (await Blob(name).DownloadContentAsync(options, cancellationToken)).Value.Content.ToMemory();
        return content.Length == length
            ? content
            : throw new InvalidDataException($"Blob '{name}' has {content.Length} bytes at offset {offset} where {length} were expected.");
    }

    /// <summary>Makes the container if it is not there; cheap after the first call.</summary>
    public async Task EnsureContainerAsync(CancellationToken cancellationToken)
    {
        if (_created)
        {
            return;
        }

        await _creating.WaitAsync(cancellationToken);
        try
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            _created = true;
        }
        finally
        {
            _creating.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _creating.Dispose();
}
