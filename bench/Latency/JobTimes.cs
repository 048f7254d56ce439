namespace ModelJobs.Bench.Latency;

/// <summary>What the caller of a job saw.</summary>
/// <param name="Sent">When it sent the request (UTC).</param>
/// <param name="Accepted">When it had the answer that the job is accepted.</param>
/// <param name="Ended">When it had the answer that the job has ended.</param>
/// <param name="Read">When it had the last byte of the results.</param>
internal sealed record JobTimes(DateTime Sent, DateTime Accepted, DateTime Ended, DateTime Read)
{
    /// <summary>Milliseconds from the request to the result.</summary>
    public double Milliseconds => (Read - Sent).TotalMilliseconds;
}
