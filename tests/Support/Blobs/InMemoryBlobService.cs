using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace ModelJobs.Tests.Support.Blobs;

/// <summary>
/// The Blob REST API in memory, the part of it that the app uses: what it cannot do it answers with 501, by name. Tests whose time is simulated use it in
/// place of Azurite, because it answers without a wait. <c>BlobConformanceTests</c> holds it to Azurite.
/// </summary>
internal sealed class InMemoryBlobService(TimeProvider time) : HttpMessageHandler
{
    /// <summary>Leads nowhere: the transport that goes with it never connects.</summary>
    public const string ConnectionString =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=bm90IGEga2V5;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;";

    private const int DefaultPage = 5000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedDictionary<string, StoredBlob>> _containers = new(StringComparer.Ordinal);
    private long _changes;

    /// <summary>Requests answered so far.</summary>
    public long Requests { get; private set; }

    /// <summary>A client of this service.</summary>
    /// <param name="handler">What its requests pass on their way; this service if nothing.</param>
    /// <param name="retries">Tries after the first; they follow at once, since the client would wait on the system's clock.</param>
    public BlobServiceClient CreateClient(HttpMessageHandler? handler = null, int retries = 3)
        => new(ConnectionString, new BlobClientOptions
        {
            Transport = new HttpClientTransport(new HttpClient(handler ?? this, disposeHandler: false)),
            RetryPolicy = new RetryPolicy(retries, new AtOnce()),
            Diagnostics = { IsDistributedTracingEnabled = false, IsLoggingEnabled = false },
        });

    /// <summary>Names of the blobs that have content, over all containers, as <c>container/name</c>.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate)
            {
                return [.. _containers.SelectMany(container => Existing(container.Value).Select(blob => $"{container.Key}/{blob.Key}"))];
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var read = await BlobRequest.ReadAsync(request, cancellationToken);
        lock (_gate)
        {
            Requests++;
            var answer = Answer(read);
            answer.RequestMessage = request;
            answer.Headers.Add("x-ms-request-id", Requests.ToString(CultureInfo.InvariantCulture));
            return answer;
        }
    }

    private HttpResponseMessage Answer(BlobRequest request)
    {
        if (request.Operation == "PUT container")
        {
            return _containers.TryAdd(request.Container, new(StringComparer.Ordinal))
                ? BlobAnswer.Changed(HttpStatusCode.Created)
                : BlobAnswer.Error(HttpStatusCode.Conflict, "ContainerAlreadyExists");
        }

        if (!_containers.TryGetValue(request.Container, out var blobs))
        {
            return BlobAnswer.Error(HttpStatusCode.NotFound, "ContainerNotFound");
        }

        return request.Operation switch
        {
            "GET container" or "HEAD container" => BlobAnswer.Changed(HttpStatusCode.OK),
            "GET container list" => List(request, blobs),
            "PUT" => Put(request, blobs),
            "PUT block" => Stage(request, blobs),
            "PUT blocklist" => Commit(request, blobs),
            "GET blocklist" => BlockList(request, blobs),
            "GET" or "HEAD" => Get(request, blobs),
            "DELETE" => Delete(request, blobs),
            _ => BlobAnswer.Error(HttpStatusCode.NotImplemented, $"NotInMemory {request.Operation}"),
        };
    }

    private HttpResponseMessage Put(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        if (request.Headers.GetValueOrDefault("x-ms-blob-type") != "BlockBlob" || request.Headers.ContainsKey("x-ms-copy-source"))
        {
            return BlobAnswer.Error(HttpStatusCode.NotImplemented, "NotInMemory other blobs than block blobs, and copies");
        }

        return Change(request, blobs) ?? Put(request, blobs, [new StoredBlock("", request.Body)]);
    }

    private HttpResponseMessage Commit(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        var blob = blobs.GetValueOrDefault(request.Blob);
        var blocks = new List<StoredBlock>();
        foreach (var entry in XDocument.Load(new MemoryStream(request.Body)).Root!.Elements())
        {
            var staged = entry.Name.LocalName != "Committed" ? blob?.Uncommitted.Find(block => block.Id == entry.Value) : null;
            var committed = entry.Name.LocalName != "Uncommitted" ? blob?.Committed?.FirstOrDefault(block => block.Id == entry.Value) : null;
            if ((staged ?? committed) is not { } block)
            {
                return BlobAnswer.Error(HttpStatusCode.BadRequest, "InvalidBlockList");
            }

            blocks.Add(block);
        }

        return Change(request, blobs) ?? Put(request, blobs, blocks);
    }

    private HttpResponseMessage Put(BlobRequest request, SortedDictionary<string, StoredBlob> blobs, IReadOnlyList<StoredBlock> blocks)
    {
        var blob = OpenBlob(request, blobs);
        var etag = string.Create(CultureInfo.InvariantCulture, $"\"0x{++_changes:X16}\"");
        blob.Commit(blocks, request.Metadata, request.ContentType, etag, time.GetUtcNow());
        return BlobAnswer.Changed(HttpStatusCode.Created, blob);
    }

    private static HttpResponseMessage Stage(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        OpenBlob(request, blobs).Stage(new StoredBlock(request.Query("blockid")!, request.Body));
        return BlobAnswer.Changed(HttpStatusCode.Created);
    }

    private static HttpResponseMessage BlockList(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        if (!blobs.TryGetValue(request.Blob, out var blob))
        {
            return BlobAnswer.Error(HttpStatusCode.NotFound, "BlobNotFound");
        }

        var kind = request.Query("blocklisttype") ?? "committed";
        return BlobAnswer.Xml(HttpStatusCode.OK, new XElement(
            "BlockList",
            kind == "uncommitted" ? null : new XElement("CommittedBlocks", Blocks(blob.Committed?.Where(block => block.Id.Length > 0) ?? [])),
            kind == "committed" ? null : new XElement("UncommittedBlocks", Blocks(blob.Uncommitted))));

        static IEnumerable<XElement> Blocks(IEnumerable<StoredBlock> blocks)
            => blocks.Select(block => new XElement("Block", new XElement("Name", block.Id), new XElement("Size", block.Content.Length)));
    }

    private static HttpResponseMessage Get(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        if (!blobs.TryGetValue(request.Blob, out var blob) || blob.Committed is null)
        {
            return BlobAnswer.Error(HttpStatusCode.NotFound, "BlobNotFound");
        }

        if (!Matches(request.IfMatch, blob))
        {
            return BlobAnswer.Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
        }

        if (request.IfNoneMatch is { } known && (known == "*" || known == blob.ETag))
        {
            return BlobAnswer.Error(HttpStatusCode.NotModified, "ConditionNotMet");
        }

        var withContent = request.Operation == "GET";
        if (request.Range is not var (first, last))
        {
            return BlobAnswer.Content(blob, null, withContent);
        }

        return first < blob.Length
            ? BlobAnswer.Content(blob, (first, Math.Min(last ?? long.MaxValue, blob.Length - 1)), withContent)
            : BlobAnswer.Error(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange");
    }

    private static HttpResponseMessage Delete(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        if (!blobs.TryGetValue(request.Blob, out var blob) || blob.Committed is null)
        {
            return BlobAnswer.Error(HttpStatusCode.NotFound, "BlobNotFound");
        }

        if (!Matches(request.IfMatch, blob))
        {
            return BlobAnswer.Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
        }

        blobs.Remove(request.Blob);
        return BlobAnswer.Changed(HttpStatusCode.Accepted);
    }

    private static HttpResponseMessage List(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        var prefix = request.Query("prefix") ?? "";
        var marker = request.Query("marker") ?? "";
        var size = int.Parse(request.Query("maxresults") ?? $"{DefaultPage}", CultureInfo.InvariantCulture);
        var withMetadata = request.Query("include")?.Split(',').Contains("metadata", StringComparer.OrdinalIgnoreCase) ?? false;
        var found = Existing(blobs)
            .Where(blob => blob.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(blob.Key, marker) >= 0)
            .Take(size + 1)
            .ToList();
        return BlobAnswer.Xml(HttpStatusCode.OK, new XElement(
            "EnumerationResults",
            new XAttribute("ContainerName", request.Container),
            new XElement("Prefix", prefix),
            new XElement("Blobs", found.Take(size).Select(blob => Describe(blob.Key, blob.Value, withMetadata))),
            new XElement("NextMarker", found.Count > size ? found[size].Key : "")));
    }

    private static XElement Describe(string name, StoredBlob blob, bool withMetadata) => new(
        "Blob",
        new XElement("Name", name),
        new XElement(
            "Properties",
            new XElement("Creation-Time", BlobAnswer.Format(blob.LastModified)),
            new XElement("Last-Modified", BlobAnswer.Format(blob.LastModified)),
            new XElement("Etag", blob.ETag.Trim('"')),
            new XElement("Content-Length", blob.Length),
            new XElement("Content-Type", blob.ContentType),
            new XElement("BlobType", "BlockBlob")),
        withMetadata ? new XElement("Metadata", blob.Metadata.Select(pair => new XElement(pair.Key, pair.Value))) : null);

    /// <summary>Why a blob may not be changed; null if it may.</summary>
    private static HttpResponseMessage? Change(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        var blob = blobs.GetValueOrDefault(request.Blob);
        if (request.IfNoneMatch == "*" && blob?.Committed is not null)
        {
            return BlobAnswer.Error(HttpStatusCode.Conflict, "BlobAlreadyExists");
        }

        return Matches(request.IfMatch, blob) ? null : BlobAnswer.Error(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
    }

    private static bool Matches(string? ifMatch, StoredBlob? blob)
        => ifMatch is null || (blob?.Committed is not null && (ifMatch == "*" || ifMatch == blob.ETag));

    private static StoredBlob OpenBlob(BlobRequest request, SortedDictionary<string, StoredBlob> blobs)
    {
        if (!blobs.TryGetValue(request.Blob, out var blob))
        {
            blobs.Add(request.Blob, blob = new StoredBlob());
        }

        return blob;
    }

    private static IEnumerable<KeyValuePair<string, StoredBlob>> Existing(SortedDictionary<string, StoredBlob> blobs)
        => blobs.Where(blob => blob.Value.Committed is not null);

    /// <summary>Does not wait.</summary>
    private sealed class AtOnce() : DelayStrategy(TimeSpan.Zero, 0)
    {
        protected override TimeSpan GetNextDelayCore(Azure.Response? response, int retryNumber) => TimeSpan.Zero;
    }
}
