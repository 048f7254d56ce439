using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Text;

namespace ModelJobs.Functions.Notify;

/// <summary>Whether and where jobs may have webhooks, from the configuration section <c>Webhooks</c> (app settings <c>Webhooks__Name</c>).</summary>
public sealed class WebhookSettings : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Webhooks";

    /// <summary>What the text of a secret begins with (Standard Webhooks).</summary>
    internal const string SecretPrefix = "whsec_";

    /// <summary>Secrets at once: the one in use, and the one that takes its place.</summary>
    private const int MaxSecrets = 2;

    /// <summary>Fewest and most bytes of a secret (Standard Webhooks).</summary>
    private const int MinSecretBytes = 24;
    private const int MaxSecretBytes = 64;

    private static readonly char[] Separators = [' ', ',', ';'];

    /// <summary>
    /// What calls are signed with: <c>whsec_</c> and 24 to 64 bytes as base64; two of them, with a space between, while one takes the place of
    /// the other. Without one, jobs have no webhooks.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>The only hosts that webhooks may have, as <c>hooks.example.org, *.example.com</c>; any public host if absent.</summary>
    public string? AllowedHosts { get; set; }

    /// <summary>Whether webhooks may have addresses that are not public, and http: for one machine and for tests, never where others may submit.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>The keys to sign with; none if there are no webhooks.</summary>
    internal IReadOnlyList<byte[]> Keys => [.. Secrets.Select(secret => Convert.FromBase64String(secret[SecretPrefix.Length..]))];

    /// <summary>The patterns of <see cref="AllowedHosts"/>; none if any host may be called.</summary>
    internal IReadOnlyList<string> HostPatterns => Parts(AllowedHosts);

    private string[] Secrets => Parts(Secret);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // What is there is not repeated: it is a secret, or nearly one.
        if (Secrets.Length > MaxSecrets || !Secrets.All(IsSecret))
        {
            yield return new(
                $"must be {SecretPrefix} and {MinSecretBytes} to {MaxSecretBytes} bytes as base64, or two of those with a space between; what is set is not. If it is "
                + "a Key Vault reference, it could not be resolved: the app's identity needs the role Key Vault Secrets User on the vault",
                [nameof(Secret)]);
        }

        if (HostPatterns.FirstOrDefault(pattern => !IsHostPattern(pattern)) is { } wrong)
        {
            yield return new(
                $"'{wrong}' is not a host such as hooks.example.org, nor all below one such as *.example.org", [nameof(AllowedHosts)]);
        }
    }

    private static string[] Parts(string? list) => list?.Split(Separators, StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static bool IsSecret(string text) =>
        text.StartsWith(SecretPrefix, StringComparison.Ordinal)
        && Base64.IsValid(Encoding.ASCII.GetBytes(text[SecretPrefix.Length..]), out var bytes)
        && bytes is >= MinSecretBytes and <= MaxSecretBytes;

    private static bool IsHostPattern(string pattern)
    {
        var host = pattern.StartsWith("*.", StringComparison.Ordinal) ? pattern[2..] : pattern;
        return Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
