using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace ModelJobs.LocalRuntime.Amqp.Security;

/// <summary>The key that clients prove to have: by tokens that are signed with it, or as a password.</summary>
/// <param name="name">The key's name, which tokens and user names give.</param>
/// <param name="key">The key.</param>
/// <param name="time">Tells when tokens are over.</param>
internal sealed class SharedAccessKey(string name, string key, TimeProvider time)
{
    private const string TokenPrefix = "SharedAccessSignature ";
    private const int MaxTokenLength = 4096;

    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    /// <summary>Checks a token, <c>SharedAccessSignature sr={resource}&amp;sig={signature}&amp;se={end, Unix seconds}&amp;skn={key name}</c>.</summary>
    /// <returns>What it allows, and until when.</returns>
    /// <exception cref="AmqpRefusal">It is not valid (unauthorized-access).</exception>
    public Claim Check(string token)
    {
        if (token.Length > MaxTokenLength || !token.StartsWith(TokenPrefix, StringComparison.Ordinal))
        {
            throw Unauthorized("it is not a SharedAccessSignature");
        }
        var fields = token[TokenPrefix.Length..]
            .Split('&')
            .Select(static field => field.Split('=', 2))
            .Where(static pair => pair.Length == 2)
            .GroupBy(static pair => pair[0], StringComparer.Ordinal)
            .ToDictionary(static pairs => pairs.Key, static pairs => pairs.First()[1], StringComparer.Ordinal);
        if (!fields.TryGetValue("sr", out var resource) || !fields.TryGetValue("sig", out var signature) || !fields.TryGetValue("se", out var end)
            || !fields.TryGetValue("skn", out var keyName))
        {
            throw Unauthorized("it lacks sr, sig, se or skn");
        }
        if (!long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            throw Unauthorized("its end, se, is not a time in Unix seconds");
        }
        // The key's name is not checked apart: who sees which of the two is wrong is told half of the answer.
        if (!IsSignature(signature, resource, end) || WebUtility.UrlDecode(keyName) != name)
        {
            throw Unauthorized($"its signature is not made with the key '{name}' of this endpoint");
        }
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return expiresAt > time.GetUtcNow()
            ? new Claim(Claim.PathOf(WebUtility.UrlDecode(resource)), expiresAt)
            : throw Unauthorized(FormattableString.Invariant($"it ended at {expiresAt:u}; send a new one"));
    }

    /// <summary>Whether a user name and password are the key's name and the key.</summary>
    public bool IsPassword(string user, ReadOnlySpan<byte> password)
        => CryptographicOperations.FixedTimeEquals(password, _key) && user == name;

    private bool IsSignature(string signature, string resource, string end)
    {
        var expected = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{resource}\n{end}"));
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return Convert.TryFromBase64String(WebUtility.UrlDecode(signature), given, out var length)
            && length == given.Length
            && CryptographicOperations.FixedTimeEquals(given, expected);
    }

    private static AmqpRefusal Unauthorized(string why)
        => new(AmqpConditions.UnauthorizedAccess, $"The token is not valid: {why}. Use the connection string that the endpoint printed at its start.");
}
