using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>A runner whose calls go through a limiter.</summary>
public interface IBalancedRunner : IModelRunner
{
    /// <summary>Where the limiter of this instance stands.</summary>
    LimiterSnapshot Balance { get; }
}
