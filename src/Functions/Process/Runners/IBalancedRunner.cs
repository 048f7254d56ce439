using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>A runner whose calls go through a limiter.</summary>
public interface IBalancedRunner : IModelRunner
{
    /// <summary>Where the limiter of this instance stands.</summary>
    LimiterSnapshot Balance { get; }

    /// <summary>Whether the model's configuration has a budget, which all instances together must keep.</summary>
    bool HasBudget { get; }

    /// <summary>Has the limiter use its part of the configured budgets.</summary>
    /// <param name="instances">How many instances use the model.</param>
    /// <param name="pause">How long it is to use nothing of them: others may still use it all.</param>
    void ShareAmong(int instances, TimeSpan pause);
}
