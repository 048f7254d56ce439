using System.Net;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Notify;

/// <summary>
/// Which addresses a webhook may have, as far as can be told from their text. What a name stands for is known when it is called:
/// <see cref="WebhookConnection"/> looks again.
/// </summary>
internal sealed class WebhookPolicy(WebhookSettings settings)
{
    /// <summary>Names that no public host has: of one machine, or of a private network (RFC 6761, RFC 6762, RFC 8375, ICANN's <c>internal</c>).</summary>
    private static readonly string[] PrivateNames = ["localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"];

    /// <summary>Options as they may be shown: of the webhook's address its host, without what may be a secret of the receiver.</summary>
    public static JobOptions Shown(JobOptions options) =>
        options.Webhook is { } url ? options with { Webhook = $"{new Uri(url).GetLeftPart(UriPartial.Authority)}/…" } : options;

    /// <summary>What is wrong with an address, as a sentence that does not repeat it; null if nothing is.</summary>
    public string? ProblemOf(string url)
    {
        if (settings.Keys.Count == 0)
        {
            return "webhook cannot be used here: the app has no secret to sign calls with. Its operator sets Webhooks__Secret; leave webhook out until then.";
        }

        if (url.Length > JobLimits.MaxWebhookLength)
        {
            return $"webhook must have at most {JobLimits.MaxWebhookLength} characters.";
        }

        // A backslash is a slash to some readers of addresses and none to others. What a job shows of its webhook has a character that is not ASCII.
        if (!url.All(c => c is > ' ' and <= '~' and not '\\') || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || !IsScheme(uri))
        {
            return $"webhook must be an absolute {(settings.AllowPrivateAddresses ? "http or https" : "https")} address, whole, in ASCII and percent-encoded, such as "
                + "https://hooks.example.org/jobs?token=…";
        }

        if (uri.UserInfo.Length > 0 || url.Contains('#', StringComparison.Ordinal))
        {
            return "webhook must have neither a user nor a password nor a fragment; a token of the receiver's goes into its path or query.";
        }

        return ProblemOfHost(uri);
    }

    private string? ProblemOfHost(Uri uri)
    {
        var host = uri.IdnHost.TrimEnd('.');
        if (settings.HostPatterns is { Count: > 0 } patterns && !patterns.Any(pattern => Matches(host, pattern)))
        {
            return $"webhook must have a host that the app's operator allows: {string.Join(", ", patterns)} (Webhooks__AllowedHosts).";
        }

        if (settings.AllowPrivateAddresses)
        {
            return null;
        }

        var isPublic = IPAddress.TryParse(host, out var address)
            ? PublicAddress.Is(address)
            : host.Contains('.', StringComparison.Ordinal) && !PrivateNames.Any(name => IsOrIsBelow(host, name));
        return isPublic ? null : "webhook must have a host of the internet, not one of a private network, of this machine or of the platform.";
    }

    private bool IsScheme(Uri uri) => uri.Scheme == Uri.UriSchemeHttps || (settings.AllowPrivateAddresses && uri.Scheme == Uri.UriSchemeHttp);

    private static bool Matches(string host, string pattern) => pattern.StartsWith("*.", StringComparison.Ordinal)
        ? host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
        : host.Equals(pattern, StringComparison.OrdinalIgnoreCase);

    private static bool IsOrIsBelow(string host, string name) =>
        host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase);
}
