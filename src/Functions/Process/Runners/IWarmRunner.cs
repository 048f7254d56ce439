namespace ModelJobs.Functions.Process.Runners;

/// <summary>A runner whose first run takes longer than the others, unless it is warmed up.</summary>
public interface IWarmRunner
{
    /// <summary>Does what a first run would do besides its work.</summary>
    Task WarmUpAsync(CancellationToken cancellationToken);
}
