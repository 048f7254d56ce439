using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace ModelJobs.Functions.Submit;

/// <summary>Makes ids of jobs. They are instance ids, session ids and blob prefixes: short, lower case, no separators that those refuse.</summary>
internal static class JobId
{
    /// <summary>What every job's id begins with, and no other orchestration's: lists of jobs ask for it.</summary>
    public const string Prefix = "job-";

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>A new id; ids made later sort later.</summary>
    public static string Create(TimeProvider time) => Prefix + Guid.CreateVersion7(time.GetUtcNow()).ToString("N");

    /// <summary>The id of the job that <paramref name="idempotencyKey"/> stands for: the same key names the same job.</summary>
    public static string FromKey(string idempotencyKey) =>
        Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)).AsSpan(0, 16));

    /// <summary>Whether <paramref name="id"/> can be a job's id at all; guards paths and queries against anything else.</summary>
    public static bool IsValid(string id) =>
        id.Length == Prefix.Length + 32
        && id.StartsWith(Prefix, StringComparison.Ordinal)
        && !id.AsSpan(Prefix.Length).ContainsAnyExcept(Hex);
}
