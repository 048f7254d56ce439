using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ModelJobs.Functions.Access;

/// <summary>A person or a program that Microsoft Entra ID has authenticated.</summary>
/// <param name="Tenant">Its tenant (<c>tid</c>).</param>
/// <param name="Object">Its object id in that tenant (<c>oid</c>): of a user, or of a service principal.</param>
/// <param name="Roles">Its app roles (<c>roles</c>).</param>
internal sealed record Principal(Guid Tenant, Guid Object, IReadOnlyList<string> Roles)
{
    /// <summary>Header of the principal: base64 of JSON with its claims. App Service authentication sets it, and removes what a caller has sent.</summary>
    public const string Header = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>Header that names the identity provider.</summary>
    public const string ProviderHeader = "X-MS-CLIENT-PRINCIPAL-IDP";

    /// <summary>The provider's name for Microsoft Entra ID.</summary>
    public const string Entra = "aad";

    /// <summary>Characters of the header; the platform's servers take some 32 KB of headers in all.</summary>
    public const int MaxHeaderLength = 64 * 1024;

    // Tokens have the short names; the platform maps them to the long ones, unless it is told not to.
    private static readonly string[] ObjectClaims = ["http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"];
    private static readonly string[] TenantClaims = ["http://schemas.microsoft.com/identity/claims/tenantid", "tid"];
    private static readonly string[] RoleClaims = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];

    /// <summary>Reads the principal of a request.</summary>
    /// <returns>It; null if there is none, or none that is beyond doubt: any other provider's, malformed, or of more than one identity.</returns>
    public static Principal? Read(IHeaderDictionary headers)
    {
        if (Single(headers[ProviderHeader]) != Entra || Single(headers[Header]) is not { Length: > 0 and <= MaxHeaderLength } encoded)
        {
            return null;
        }

        try
        {
            var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length)];
            return Convert.TryFromBase64String(encoded, bytes, out var length)
                && JsonSerializer.Deserialize(bytes.AsSpan(0, length), PrincipalJson.Default.PlatformPrincipal) is { Type: Entra, Claims: { } claims }
                    ? Of(claims)
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Principal? Of(IReadOnlyList<PlatformClaim?> claims) =>
        IdOf(claims, ObjectClaims) is { } id && IdOf(claims, TenantClaims) is { } tenant
            ? new Principal(tenant, id, [.. Values(claims, RoleClaims)])
            : null;

    // A claim that is there twice is no trouble while both say the same.
    private static Guid? IdOf(IReadOnlyList<PlatformClaim?> claims, string[] types) =>
        Values(claims, types).Distinct(StringComparer.OrdinalIgnoreCase).Take(2).ToList() is [var only] && Guid.TryParseExact(only, "D", out var id) && id != Guid.Empty
            ? id
            : null;

    private static IEnumerable<string> Values(IReadOnlyList<PlatformClaim?> claims, string[] types) =>
        claims.Where(claim => claim is { Type: { } type } && types.Contains(type, StringComparer.Ordinal)).Select(claim => claim!.Value ?? "");

    private static string? Single(StringValues values) => values is [{ } only] ? only : null;

    /// <summary>The header's JSON, as App Service authentication writes it.</summary>
    internal sealed record PlatformPrincipal(
        [property: JsonPropertyName("auth_typ")] string? Type, [property: JsonPropertyName("claims")] IReadOnlyList<PlatformClaim?>? Claims);

    /// <summary>One claim of it.</summary>
    internal sealed record PlatformClaim([property: JsonPropertyName("typ")] string? Type, [property: JsonPropertyName("val")] string? Value);
}

/// <summary>Source-generated JSON of principals.</summary>
[JsonSourceGenerationOptions(MaxDepth = 8)]
[JsonSerializable(typeof(Principal.PlatformPrincipal))]
internal sealed partial class PrincipalJson : JsonSerializerContext;
