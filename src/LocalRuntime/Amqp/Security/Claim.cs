namespace ModelJobs.LocalRuntime.Amqp.Security;

/// <summary>What a token allows: an entity and everything below it, until the token ends.</summary>
/// <param name="Path">The entity's path; empty: all of them.</param>
/// <param name="ExpiresAt">When the token ends.</param>
internal readonly record struct Claim(string Path, DateTimeOffset ExpiresAt)
{
    /// <summary>For those who have the key itself.</summary>
    public static readonly Claim Everything = new("", DateTimeOffset.MaxValue);

    public bool Covers(string entityPath, DateTimeOffset now) => now < ExpiresAt
        && entityPath.StartsWith(Path, StringComparison.OrdinalIgnoreCase)
        && (Path.Length == 0 || Path.Length == entityPath.Length || entityPath[Path.Length] == '/');

    /// <summary>The path of an address or resource, as <c>queue</c> of <c>amqps://host:5671/queue/</c>.</summary>
    public static string PathOf(string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            var path = address.IndexOf('/', scheme + 3);
            address = path < 0 ? "" : address[path..];
        }
        return address.Trim('/');
    }
}
