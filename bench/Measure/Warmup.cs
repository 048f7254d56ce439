using System.Diagnostics;

namespace ModelJobs.Bench.Measure;

/// <summary>
/// What every system does before it is measured: jobs of a thousand events until it has worked for a while. Compilers, caches and
/// connection pools of all are warm then; what the first job took is reported beside the rest.
/// </summary>
internal static class Warmup
{
    public const int Events = 1000;

    /// <summary>Runs small jobs for at least <paramref name="duration"/>.</summary>
    /// <param name="duration">How long; zero runs one job.</param>
    /// <param name="runAsync">Runs a job of so many events and returns its seconds.</param>
    /// <returns>Seconds of the first job.</returns>
    public static async Task<double> RunAsync(TimeSpan duration, Func<int, Task<double>> runAsync)
    {
        var start = Stopwatch.GetTimestamp();
        var first = await runAsync(Events);
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            await runAsync(Events);
        }

        return first;
    }
}
