namespace ModelJobs.Bench.Measure;

/// <summary>What a share of some values does not exceed.</summary>
internal static class Percentile
{
    /// <summary>The smallest value that at least <paramref name="share"/> of all do not exceed (nearest rank).</summary>
    public static double Of(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
