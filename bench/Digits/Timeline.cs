using System.Globalization;
using System.Text.RegularExpressions;
using ModelJobs.Bench.InProcess;
using ModelJobs.Bench.Measure;

namespace ModelJobs.Bench.Digits;

/// <summary>Where the time of one job goes: its functions and its calls of storage, how many, when, and how long all of a kind together.</summary>
internal static partial class Timeline
{
    private const int MostKinds = 24;

    /// <summary>Prints what a trace has heard.</summary>
    public static void Print(TextWriter output, DateTime start, IReadOnlyList<TraceEvent> events)
    {
        var table = new Table("in a round that is listened to, s", "how many", "first begins", "last ends", "all together");
        var kinds = events.Where(one => one.End > one.Start).GroupBy(NameOf).Where(kind => kind.Key is not null)
            .OrderByDescending(kind => kind.Sum(Seconds)).Take(MostKinds).OrderBy(kind => kind.Min(one => one.Start));
        foreach (var kind in kinds)
        {
            table.Add(
                kind.Key!, kind.Count().ToString(CultureInfo.InvariantCulture), Text((kind.Min(one => one.Start) - start).TotalSeconds),
                Text((kind.Max(one => one.End) - start).TotalSeconds), Text(kind.Sum(Seconds)));
        }

        table.Print(output, "Where the system's time goes; what runs side by side is counted side by side");
    }

    private static double Seconds(TraceEvent one) => (one.End - one.Start).TotalSeconds;

    private static string Text(double seconds) => seconds.ToString("0.000", CultureInfo.InvariantCulture);

    private static string? NameOf(TraceEvent one) => one switch
    {
        { Url: { } url, Function: { } function } => $"{function}: {one.Method} {Number().Replace(url.Segments[^1], "…")}",
        { Url: not null } => null,
        _ => one.Name,
    };

    /// <summary>What differs between blobs of a kind.</summary>
    [GeneratedRegex("[0-9a-f-]{5,}")]
    private static partial Regex Number();
}
