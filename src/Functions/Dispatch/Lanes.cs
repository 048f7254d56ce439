using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Dispatch;

/// <summary>
/// Which lane an item or chunk belongs to. A lane is one session, and a session has one consumer at a time: that orders the items
/// of a key, and it caps a job's concurrency at its number of lanes.
/// </summary>
internal static class Lanes
{
    /// <summary>Lane of what needs none.</summary>
    public const int None = -1;

    /// <summary>Number of lanes of a job; 0 if it needs neither order nor a limit.</summary>
    public static int CountOf(JobOptions options) => options switch
    {
        { OrderByKey: true, MaxConcurrency: { } limit } => Math.Min(limit, JobLimits.MaxLanes),
        { OrderByKey: true } => JobLimits.MaxLanes,
        { MaxConcurrency: { } limit } => limit,
        _ => 0,
    };

    /// <summary>Lane of the items of one key; the same on every instance and in every version.</summary>
    public static int OfKey(string key, int lanes) =>
        (int)(BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key))) % (ulong)lanes);
}
