namespace ModelJobs.Functions.Access;

/// <summary>A place among a caller's jobs that have not ended, held while a job is being started. Disposed of, it is free again, unless it was kept.</summary>
internal sealed class JobPlace(CallerUsage usage) : IDisposable
{
    private CallerUsage? _usage = usage;
    private bool _isKept;

    /// <summary>Says that the job was started: it keeps the place until jobs are counted again.</summary>
    public void Keep() => _isKept = true;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _usage, null)?.Release(_isKept);
}
