namespace ModelJobs.Bench.WholePath;

/// <summary>What one size of job took, in a process of its own.</summary>
/// <param name="Events">Items of the job.</param>
/// <param name="ChunkItems">Items in a chunk.</param>
/// <param name="State">Where queues and histories were: <c>Disk</c> or <c>Memory</c>.</param>
/// <param name="FirstSeconds">Seconds of the first warm-up job after the start.</param>
/// <param name="Seconds">Seconds of a job, the median of the repeats.</param>
/// <param name="CpuSeconds">Processor seconds of a job, app and Azurite together.</param>
/// <param name="WrittenBytes">Bytes that both wrote for a job, to files and sockets.</param>
/// <param name="AppPeakBytes">Peak memory of the app.</param>
/// <param name="AzuritePeakBytes">Peak memory of Azurite.</param>
internal sealed record PathMeasurement(
    int Events, int ChunkItems, string State, double FirstSeconds, double Seconds, double CpuSeconds, double WrittenBytes, long AppPeakBytes,
    long AzuritePeakBytes)
{
    public int Chunks => (Events + ChunkItems - 1) / ChunkItems;

    public double ChunksPerSecond => Chunks / Seconds;

    public double ItemsPerSecond => Events / Seconds;

    public double MicrosecondsPerItem => Seconds / Events * 1e6;
}
