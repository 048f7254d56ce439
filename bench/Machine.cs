using System.Runtime.InteropServices;

namespace ModelJobs.Bench;

/// <summary>Names what the numbers were measured on.</summary>
internal static class Machine
{
    public static string Describe()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30;
        var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        return $"{Environment.ProcessorCount} processors ({model ?? RuntimeInformation.OSArchitecture.ToString()}), {memory} GB, " +
            $"{RuntimeInformation.FrameworkDescription}, load before the start {load}";
    }
}
