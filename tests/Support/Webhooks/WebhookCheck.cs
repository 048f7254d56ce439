using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ModelJobs.Tests.Support.Webhooks;

/// <summary>What a receiver does with a call before it believes it: docs/webhooks.md shows this method.</summary>
public static class WebhookCheck
{
    // docs/webhooks.md: begin
    public static bool IsGenuine(string secret, string id, string timestamp, string signatures, byte[] body, DateTimeOffset now)
    {
        var window = TimeSpan.FromMinutes(5);
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || (now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > window)
        {
            return false; // too old, or of the future: perhaps a call that somebody has recorded
        }

        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var expected = Encoding.ASCII.GetBytes("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
        return signatures.Split(' ').Any(one => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(one), expected));
    }
    // docs/webhooks.md: end
}
