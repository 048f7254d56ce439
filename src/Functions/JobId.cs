using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace ModelJobs.Functions;

/// <summary>Makes ids of jobs. They are instance ids, session ids and blob prefixes: short, lower case, no separators that those refuse.</summary>
internal static class JobId
{
    /// <summary>What every job's id begins with, and no other orchestration's: lists of jobs ask for it.</summary>
    public const string Prefix = "job-";

    /// <summary>Hexadecimal digits of the time, and as many random ones.</summary>
    private const int HalfDigits = 16;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// A new id. Ids made later sort before those made earlier: every back end of Durable Functions lists instances by id and none of them
    /// by time, and who asks for some jobs wants the newest.
    /// </summary>
    public static string Create(TimeProvider time)
    {
        var left = long.MaxValue - time.GetUtcNow().UtcTicks;
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{left:x16}{RandomNumberGenerator.GetHexString(HalfDigits, lowercase: true)}");
    }

    /// <summary>When an id was made.</summary>
    /// <param name="id">A job's id; may be anybody's, and then the time may be any.</param>
    public static DateTimeOffset CreatedAt(string id)
    {
        var left = long.Parse(id.AsSpan(Prefix.Length, HalfDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return new DateTimeOffset(Math.Clamp(long.MaxValue - left, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
    }

    /// <summary>Whether <paramref name="id"/> can be a job's id at all; guards paths and queries against anything else.</summary>
    public static bool IsValid(string id) =>
        id.Length == Prefix.Length + (2 * HalfDigits)
        && id.StartsWith(Prefix, StringComparison.Ordinal)
        && !id.AsSpan(Prefix.Length).ContainsAnyExcept(Hex);
}
