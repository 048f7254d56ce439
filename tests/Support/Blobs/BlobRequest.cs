using System.Globalization;
using System.Web;

namespace ModelJobs.Tests.Support.Blobs;

/// <summary>A request to the Blob REST API, taken apart.</summary>
/// <param name="Operation">Method, restype and comp, as <c>PUT block</c>, <c>GET container list</c> or <c>HEAD</c>.</param>
/// <param name="Container">Name of the container.</param>
/// <param name="Blob">Name of the blob; empty for operations on a container.</param>
/// <param name="Query">Its parameters.</param>
/// <param name="Headers">Its headers by name.</param>
/// <param name="Body">Its body.</param>
internal sealed record BlobRequest(
    string Operation, string Container, string Blob, Func<string, string?> Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    private const string MetadataPrefix = "x-ms-meta-";

    public string? IfMatch => Headers.GetValueOrDefault("If-Match");

    public string? IfNoneMatch => Headers.GetValueOrDefault("If-None-Match");

    public string? ContentType => Headers.GetValueOrDefault("x-ms-blob-content-type");

    public IReadOnlyDictionary<string, string> Metadata => Headers.Where(header => header.Key.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
        .ToDictionary(header => header.Key[MetadataPrefix.Length..], header => header.Value);

    /// <summary>First and last byte asked for, the last null to the end; null if all are.</summary>
    public (long First, long? Last)? Range
    {
        get
        {
            if ((Headers.GetValueOrDefault("x-ms-range") ?? Headers.GetValueOrDefault("Range")) is not { } range)
            {
                return null;
            }

            var bounds = range["bytes=".Length..].Split('-');
            return (Number(bounds[0]), bounds[1].Length == 0 ? null : Number(bounds[1]));
        }
    }

    public static async Task<BlobRequest> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // /account/container/blob: the path style that emulators use.
        var path = request.RequestUri!.AbsolutePath.Split('/', 4);
        var query = HttpUtility.ParseQueryString(request.RequestUri.Query);
        var operation = string.Join(' ', new[] { request.Method.Method, query["restype"], query["comp"] }.Where(part => part is not null));
        var headers = request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
            .ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
        return new BlobRequest(
            operation,
            Uri.UnescapeDataString(path.ElementAtOrDefault(2) ?? ""),
            Uri.UnescapeDataString(path.ElementAtOrDefault(3) ?? ""),
            name => query[name],
            headers,
            request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
