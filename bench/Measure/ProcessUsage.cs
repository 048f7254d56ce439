using System.Globalization;

namespace ModelJobs.Bench.Measure;

/// <summary>What a process has used so far, as Linux counts it (proc(5)).</summary>
/// <param name="Cpu">User and system time of all its threads.</param>
/// <param name="PeakBytes">Largest resident set that it ever had (VmHWM).</param>
/// <param name="WrittenBytes">Bytes that it passed to write calls, to files and sockets alike (wchar).</param>
internal readonly record struct ProcessUsage(TimeSpan Cpu, long PeakBytes, long WrittenBytes)
{
    private const int BytesPerKilobyte = 1024;

    /// <summary>Ticks of a second in /proc; the same on every Linux that .NET runs on.</summary>
    private const double ClockTicks = 100;

    /// <summary>Reads the counters of a process.</summary>
    public static ProcessUsage Of(int process)
    {
        // The name, in parentheses, may hold anything; the fields after it are numbers.
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var cpu = TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / ClockTicks);
        return new ProcessUsage(
            cpu, ValueOf($"/proc/{process}/status", "VmHWM:") * BytesPerKilobyte, ValueOf($"/proc/{process}/io", "wchar:"));
    }

    /// <summary>The processes that a process has started and that still run.</summary>
    public static IReadOnlyList<int> ChildrenOf(int process) =>
        [.. Directory.EnumerateDirectories($"/proc/{process}/task")
            .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(child => (int)Number(child))];

    private static long ValueOf(string path, string name)
    {
        var line = File.ReadLines(path).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return Number(line[name.Length..].Trim().Split(' ')[0]);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
