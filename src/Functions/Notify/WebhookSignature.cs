using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ModelJobs.Functions.Notify;

/// <summary>Signs calls as Standard Webhooks does (https://www.standardwebhooks.com), with HMAC-SHA256.</summary>
internal static class WebhookSignature
{
    private const string Version = "v1";

    /// <summary>The value of <c>webhook-signature</c>: a signature for each key, with spaces between.</summary>
    /// <param name="keys">The keys; a receiver takes the call if one signature is right.</param>
    /// <param name="id">Value of <c>webhook-id</c>.</param>
    /// <param name="timestamp">Value of <c>webhook-timestamp</c>: seconds since 1970.</param>
    /// <param name="body">The body, byte for byte.</param>
    public static string Of(IEnumerable<byte[]> keys, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return string.Join(' ', keys.Select(key => $"{Version},{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}"));
    }
}
