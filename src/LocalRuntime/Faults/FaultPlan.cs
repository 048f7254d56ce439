using System.Globalization;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>What the setting <c>LocalRuntime:Faults</c> asks for: <c>SEED[:PROFILE[:POINT[:N]]]</c>.</summary>
/// <param name="Seed">Decides which operations are struck.</param>
/// <param name="Profile">How often.</param>
/// <param name="CrashAt">Where the process dies; null: it does not.</param>
/// <param name="CrashPass">At which passing of that point, 1 for the first.</param>
internal sealed record FaultPlan(int Seed, FaultProfile Profile, CrashPoint? CrashAt = null, int CrashPass = 1)
{
    private const int MaxParts = 4;

    /// <summary>Whether anything can happen to a blob request.</summary>
    public bool TouchesBlobs => Profile.HasBlobFaults || CrashAt is CrashPoint.BlobBefore or CrashPoint.BlobAfter;

    /// <exception cref="LocalRuntimeException">The text asks for something that there is not; the message says what there is.</exception>
    public static FaultPlan Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length > MaxParts || !int.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed))
        {
            throw Wrong(text, "SEED[:PROFILE[:POINT[:N]]], with a whole number as the seed, such as 7 or 7:settles or 7:calm:settle.after:3");
        }

        var profile = parts.Length < 2
            ? FaultProfile.Default
            : FaultProfile.Find(parts[1]) ?? throw Wrong(text, $"a seed and a profile; the profiles are {string.Join(", ", FaultProfile.All.Select(p => p.Name))}");
        if (parts.Length < 3)
        {
            return new FaultPlan(seed, profile);
        }

        if (!CrashPoints.TryParse(parts[2], out var point))
        {
            throw Wrong(text, $"a seed, a profile and a point to crash at; the points are {string.Join(", ", CrashPoints.Names)}");
        }

        var pass = 1;
        return parts.Length < MaxParts || (int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out pass) && pass > 0)
            ? new FaultPlan(seed, profile, point, pass)
            : throw Wrong(text, "a seed, a profile, a point to crash at and at which passing of it, 1 for the first");
    }

    /// <summary>The setting that asks for this plan.</summary>
    public override string ToString() => CrashAt is { } point
        ? string.Create(CultureInfo.InvariantCulture, $"{Seed}:{Profile.Name}:{CrashPoints.NameOf(point)}:{CrashPass}")
        : string.Create(CultureInfo.InvariantCulture, $"{Seed}:{Profile.Name}");

    private static LocalRuntimeException Wrong(string text, string expected)
        => new($"configuration: 'LocalRuntime:Faults' is '{text}'; it must be {expected}.");
}
