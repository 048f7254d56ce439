using System.Globalization;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Output;

/// <summary>A job's numbers in words, the same in progress, summary and tables.</summary>
internal static class JobText
{
    /// <summary>A count with thousands separated: <c>12,345</c>.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count with its noun: <c>1 item</c>, <c>12,345 items</c>.</summary>
    public static string Items(long count) => count == 1 ? "1 item" : $"{Count(count)} items";

    /// <summary>Items that have their line.</summary>
    public static long Done(ItemCounts items) => items.Succeeded + items.Failed + items.Canceled + items.Discarded;

    /// <summary>The counts of items that did not succeed, where they are not zero: <c>, 3 failed, 2 canceled</c>.</summary>
    public static string NotSucceeded(ItemCounts items) =>
        Part(items.Failed, "failed") + Part(items.Canceled, "canceled") + Part(items.Discarded, "discarded");

    /// <summary>A rate: <c>1,250 items/s</c>, <c>2.5 items/s</c>; <c>-</c> if unknown.</summary>
    public static string Rate(double? itemsPerSecond) => itemsPerSecond switch
    {
        null => "-",
        >= 10 => string.Create(CultureInfo.InvariantCulture, $"{itemsPerSecond:N0} items/s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{itemsPerSecond:0.##} items/s"),
    };

    /// <summary>A share, 0 to 100: <c>12.5 %</c>.</summary>
    public static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.#} %");

    /// <summary>A span in its two largest units: <c>0.4 s</c>, <c>12 s</c>, <c>3 min 05 s</c>, <c>2 h 07 min</c>, <c>4 d 01 h</c>.</summary>
    public static string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(span.TotalSeconds):0} s"),
        { TotalHours: < 1 } => $"{span.Minutes} min {span.Seconds:00} s",
        { TotalDays: < 1 } => $"{span.Hours} h {span.Minutes:00} min",
        _ => $"{span.Days} d {span.Hours:00} h",
    };

    /// <summary>A moment in UTC, to the second: <c>2026-03-01 12:00:00Z</c>.</summary>
    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    /// <summary>How long an ended job took, from its acceptance; null while it runs.</summary>
    public static TimeSpan? Took(Job job) => job.CompletedAt - job.CreatedAt;

    /// <summary>Whether the job has ended, well or not.</summary>
    public static bool HasEnded(this Job job) => job.Status is JobStatus.Succeeded or JobStatus.Failed or JobStatus.Canceled;

    private static string Part(long count, string what) => count == 0 ? "" : $", {Count(count)} {what}";
}
