using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Worker.Http;

/// <summary>
/// Does what App Service authentication with Microsoft Entra ID does to the requests of an app, all of them: removes what a caller says of its
/// principal, refuses a caller without a token, and tells the app who called. Only that the token is a name, <c>Bearer NAME</c> or
/// <c>Bearer NAME:ROLE,ROLE</c>, and is believed. Off, as it is unless asked for, it removes those headers all the same.
/// </summary>
internal static partial class FakeAuthentication
{
    /// <summary>The variable by which the platform tells an app that it authenticates.</summary>
    private const string Enabled = "WEBSITE_AUTH_ENABLED";

    private const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL";

    private const string Tenant = "00000000-0000-0000-0000-000000000001";

    /// <summary>Bytes of a GUID.</summary>
    private const int GuidBytes = 16;

    /// <summary>Says in the configuration whether callers are authenticated, whatever the environment has said.</summary>
    /// <exception cref="LocalRuntimeException">It is asked for where others than this machine's users can call.</exception>
    public static void Configure(IConfiguration configuration, LocalRuntimeOptions options)
    {
        if (options.FakeAuthentication && !IPAddress.IsLoopback(ListenAddress.Parse(options.HttpHost, nameof(options.HttpHost))))
        {
            throw new LocalRuntimeException(
                $"{LocalRuntimeOptions.Section}:{nameof(options.FakeAuthentication)} believes whatever a caller says, so it works on loopback only. " +
                $"Leave {LocalRuntimeOptions.Section}:{nameof(options.HttpHost)} out, or switch it off.");
        }

        configuration[Enabled] = options.FakeAuthentication.ToString();
    }

    /// <summary>Puts it before everything that answers.</summary>
    public static void Use(WebApplication app, LocalRuntimeOptions options) => app.Use(next => http =>
    {
        foreach (var header in http.Request.Headers.Keys.Where(name => name.StartsWith(PrincipalHeader, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            http.Request.Headers.Remove(header);
        }

        return !options.FakeAuthentication ? next(http)
            : Token().Match(http.Request.Headers.Authorization.ToString()) is { Success: true } token ? AuthenticatedAsync(http, token, next)
            : RefuseAsync(http);
    });

    private static Task AuthenticatedAsync(HttpContext http, Match token, RequestDelegate next)
    {
        var name = token.Groups["name"].Value;
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, GuidBytes)).ToString();
        object[] claims =
        [
            Claim("http://schemas.microsoft.com/identity/claims/objectidentifier", id),
            Claim("http://schemas.microsoft.com/identity/claims/tenantid", Tenant),
            Claim("name", name),
            .. token.Groups["role"].Captures.Select(role => Claim("roles", role.Value)),
        ];
        var headers = http.Request.Headers;
        headers[PrincipalHeader] = Convert.ToBase64String(
            JsonSerializer.SerializeToUtf8Bytes(new { auth_typ = "aad", claims, name_typ = "name", role_typ = "roles" }));
        headers[PrincipalHeader + "-ID"] = id;
        headers[PrincipalHeader + "-NAME"] = name;
        headers[PrincipalHeader + "-IDP"] = "aad";
        return next(http);
    }

    private static object Claim(string type, string value) => new { typ = type, val = value };

    private static Task RefuseAsync(HttpContext http) => HttpProblem.WriteAsync(
        http,
        StatusCodes.Status401Unauthorized,
        "Say who you are, as 'Authorization: Bearer NAME' or 'Bearer NAME:ROLE,ROLE' (LocalRuntime:FakeAuthentication is on).");

    [GeneratedRegex(@"^Bearer (?<name>[A-Za-z0-9_-]{1,64})(:(?<role>[A-Za-z0-9._-]{1,64})(,(?<role>[A-Za-z0-9._-]{1,64})){0,9})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
