using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ModelJobs.Functions.Access;

/// <summary>Who calls the HTTP API, and whose jobs that one sees.</summary>
internal sealed record Caller
{
    /// <summary>The app role whose holders see all jobs.</summary>
    public const string AdminRole = "jobs.admin";

    /// <summary>Whoever has a function key. All of them are one caller.</summary>
    public static readonly Caller Everybody = new(owner: null, seesAll: true);

    private Caller(string? owner, bool seesAll)
    {
        Owner = owner;
        SeesAll = seesAll;
        Tag = owner is null ? null : TagOf(owner);
    }

    /// <summary>Tenant and object id, as <c>{tenant}/{object}</c>; null where callers are not told apart.</summary>
    public string? Owner { get; }

    /// <summary>What stands for the owner in the ids of their jobs; null where callers are not told apart.</summary>
    public string? Tag { get; }

    /// <summary>Whether jobs of others are shown too.</summary>
    public bool SeesAll { get; }

    /// <summary>What the ids of the jobs begin with that the caller sees in a list.</summary>
    public string ListPrefix => SeesAll ? JobId.Prefix : OwnPrefix;

    /// <summary>What the ids of the caller's own jobs begin with.</summary>
    public string OwnPrefix => JobId.PrefixOf(Tag);

    /// <summary>A caller that Entra vouches for.</summary>
    public static Caller Of(Principal principal) =>
        new($"{principal.Tenant:D}/{principal.Object:D}", principal.Roles.Contains(AdminRole, StringComparer.Ordinal));

    /// <summary>The caller of a request, as <see cref="AccessMiddleware"/> has found out.</summary>
    /// <exception cref="InvalidOperationException">It has not: the request came around it.</exception>
    public static Caller Of(HttpRequest request) => request.HttpContext.Features.Get<Caller>()
        ?? throw new InvalidOperationException("A request reached a function without its caller being known.");

    /// <summary>Whether the caller may see a job, or learn that it exists.</summary>
    /// <param name="id">Anything; what is no job's id is nobody's.</param>
    public bool MaySee(string id) => SeesAll || (JobId.IsValid(id) && JobId.OwnerOf(id) == Tag);

    // A hash, so that ids, which go into logs and to external workers, do not name people; who knows an object id can still tell its jobs.
    private static string TagOf(string owner) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner)).AsSpan(0, JobId.OwnerDigits / 2));
}
