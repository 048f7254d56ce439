using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace ModelJobs.Functions;

/// <summary>Makes ids of jobs. They are instance ids, session ids and blob prefixes: short, lower case, no separators that those refuse.</summary>
internal static class JobId
{
    /// <summary>What every job's id begins with, and no other orchestration's: lists of jobs ask for it.</summary>
    public const string Prefix = "job-";

    /// <summary>Hexadecimal digits that stand for the owner of a job: 80 bits, too many for two owners to share them.</summary>
    public const int OwnerDigits = 20;

    /// <summary>Comes before the owner; no hexadecimal digit, so that a list of an owner's jobs has none whose time looks like the owner.</summary>
    private const char OwnerMark = 'u';

    /// <summary>Hexadecimal digits of the time, and as many random ones.</summary>
    private const int HalfDigits = 16;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// A new id. Of one owner's ids, those made later sort before those made earlier: every back end of Durable Functions lists instances by id
    /// and none of them by time or by owner, and who asks for some jobs wants the newest.
    /// </summary>
    /// <param name="time">The clock.</param>
    /// <param name="owner">The <see cref="OwnerDigits"/> that stand for the job's owner; null where jobs have none.</param>
    public static string Create(TimeProvider time, string? owner = null)
    {
        var left = long.MaxValue - time.GetUtcNow().UtcTicks;
        return string.Create(CultureInfo.InvariantCulture, $"{PrefixOf(owner)}{left:x16}{RandomNumberGenerator.GetHexString(HalfDigits, lowercase: true)}");
    }

    /// <summary>What the ids of an owner's jobs begin with; without an owner, those of all jobs.</summary>
    public static string PrefixOf(string? owner) => owner is null ? Prefix : $"{Prefix}{OwnerMark}{owner}";

    /// <summary>What stands for the owner in a job's id; null if the job has none.</summary>
    public static string? OwnerOf(string id) => IsOwned(id) ? id.Substring(Prefix.Length + 1, OwnerDigits) : null;

    /// <summary>When an id was made.</summary>
    /// <param name="id">A job's id; may be anybody's, and then the time may be any.</param>
    public static DateTimeOffset CreatedAt(string id)
    {
        var left = long.Parse(id.AsSpan(id.Length - (2 * HalfDigits), HalfDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return new DateTimeOffset(Math.Clamp(long.MaxValue - left, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
    }

    /// <summary>Whether <paramref name="id"/> can be a job's id at all; guards paths and queries against anything else.</summary>
    public static bool IsValid(string id)
    {
        if (!id.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var digits = id.AsSpan(IsOwned(id) ? Prefix.Length + 1 : Prefix.Length);
        return digits.Length == (2 * HalfDigits) + (IsOwned(id) ? OwnerDigits : 0) && !digits.ContainsAnyExcept(Hex);
    }

    private static bool IsOwned(string id) => id.Length > Prefix.Length + OwnerDigits && id[Prefix.Length] == OwnerMark;
}
