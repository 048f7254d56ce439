using System.Globalization;
using System.Net;
using System.Xml.Linq;

namespace ModelJobs.Tests.Support.Blobs;

/// <summary>Answers of the Blob REST API.</summary>
internal static class BlobAnswer
{
    /// <summary>An error as storage describes it: the code in a header and, with a message, in the body.</summary>
    public static HttpResponseMessage Error(HttpStatusCode status, string code)
    {
        var answer = Xml(status, new XElement("Error", new XElement("Code", code), new XElement("Message", code)));
        answer.Headers.Add("x-ms-error-code", code);
        return answer;
    }

    public static HttpResponseMessage Xml(HttpStatusCode status, XElement body)
    {
        var answer = new HttpResponseMessage(status) { Content = new StringContent("""<?xml version="1.0" encoding="utf-8"?>""" + body.ToString(SaveOptions.DisableFormatting)) };
        answer.Content.Headers.ContentType = new("application/xml");
        return answer;
    }

    /// <summary>A change that was made.</summary>
    public static HttpResponseMessage Changed(HttpStatusCode status, StoredBlob? blob = null)
    {
        var answer = new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        answer.Headers.Add("x-ms-request-server-encrypted", "true");
        return blob is null ? answer : Describe(answer, blob);
    }

    /// <summary>A blob's properties, with its content or a part of it.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="range">First and last byte; null for all.</param>
    /// <param name="withContent">False for a HEAD request, which is told the length alone.</param>
    public static HttpResponseMessage Content(StoredBlob blob, (long First, long Last)? range, bool withContent)
    {
        var all = blob.Content;
        var part = range is var (first, last) ? all.AsSpan((int)first, (int)(last - first + 1)).ToArray() : all;
        var answer = new HttpResponseMessage(range is null ? HttpStatusCode.OK : HttpStatusCode.PartialContent)
        {
            Content = new ByteArrayContent(withContent ? part : []),
        };
        answer.Content.Headers.ContentLength = part.Length;
        answer.Content.Headers.ContentType = new(blob.ContentType);
        if (range is var (from, to))
        {
            answer.Content.Headers.ContentRange = new(from, to, all.Length);
        }

        answer.Headers.AcceptRanges.Add("bytes");
        answer.Headers.Add("x-ms-blob-type", "BlockBlob");
        answer.Headers.Add("x-ms-creation-time", Format(blob.LastModified));
        foreach (var (name, value) in blob.Metadata)
        {
            answer.Headers.Add("x-ms-meta-" + name, value);
        }

        return Describe(answer, blob);
    }

    public static string Format(DateTimeOffset time) => time.ToString("R", CultureInfo.InvariantCulture);

    private static HttpResponseMessage Describe(HttpResponseMessage answer, StoredBlob blob)
    {
        if (blob.Committed is not null)
        {
            answer.Headers.TryAddWithoutValidation("ETag", blob.ETag);
            answer.Content.Headers.LastModified = blob.LastModified;
        }

        return answer;
    }
}
