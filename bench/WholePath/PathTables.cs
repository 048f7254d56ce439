using System.Globalization;
using ModelJobs.Bench.Measure;

namespace ModelJobs.Bench.WholePath;

/// <summary>Prints what was measured of the whole path, and how it grows with the job.</summary>
internal static class PathTables
{
    /// <summary>The size that time and memory of larger jobs are compared with.</summary>
    private const int ReferenceEvents = 10_000;

    private const double Megabyte = 1024 * 1024;

    public static void Print(TextWriter output, IReadOnlyList<PathMeasurement> measured)
    {
        var table = new Table(
            "state", "items", "items/chunk", "chunks/s", "items/s", "us/item", "CPU us/chunk", "bytes written/chunk", "app peak MB", "Azurite peak MB",
            "time/item vs 10k", "app peak vs 10k");
        foreach (var row in measured)
        {
            var reference = measured.FirstOrDefault(other =>
                other.Events == ReferenceEvents && other.ChunkItems == row.ChunkItems && other.State == row.State);
            table.Add(
                row.State, Text(row.Events), Text(row.ChunkItems), Text(row.ChunksPerSecond), Text(row.ItemsPerSecond), Text(row.MicrosecondsPerItem, "0.0"),
                Text(row.CpuSeconds / row.Chunks * 1e6), Text(row.WrittenBytes / row.Chunks), Text(row.AppPeakBytes / Megabyte), Text(row.AzuritePeakBytes / Megabyte),
                reference is null ? "" : Text(row.MicrosecondsPerItem / reference.MicrosecondsPerItem, "0.00"),
                reference is null ? "" : Text((double)row.AppPeakBytes / reference.AppPeakBytes, "0.00"));
        }

        table.Print(output, "Whole path: events in over HTTP, results out over HTTP, in order");
    }

    private static string Text(double value, string format = "#,0") => value.ToString(format, CultureInfo.InvariantCulture);
}
