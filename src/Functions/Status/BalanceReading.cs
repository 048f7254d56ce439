using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Status;

/// <summary>Adds up what the instances say of a model's balance.</summary>
internal sealed class BalanceReading(ModelCatalog models, BalanceBoard board)
{
    private const int Digits = 2;

    /// <summary>The balance of a job's model; null if its calls are not balanced, or no instance uses it now.</summary>
    public async Task<JobBalance?> OfAsync(string model, JobPriority priority, CancellationToken cancellationToken) =>
        models.IsBalanced(model) && await board.ReadAsync(model, cancellationToken) is { Count: > 0 } states
            ? Sum(states, JobShare.WeightOf(priority))
            : null;

    /// <summary>Adds up the states of several instances' limiters.</summary>
    /// <param name="states">The states, at least one.</param>
    /// <param name="weight">The job's weight.</param>
    public static JobBalance Sum(IReadOnlyList<LimiterSnapshot> states, int weight)
    {
        var latencies = states.Where(state => state is { Latency: not null, Calls: > 0 }).ToList();
        var calls = latencies.Sum(state => state.Calls);
        return new JobBalance
        {
            Instances = states.Count,
            Window = states.Sum(state => state.Window),
            InFlight = states.Sum(state => state.InFlight),
            Waiting = states.Sum(state => state.Waiting),
            Calls = states.Sum(state => state.Calls),
            Throttled = states.Sum(state => state.Throttled),
            RequestsPerMinute = Least(states, state => state.RequestsPerMinute, state => state.EndpointRequestsPerMinute),
            TokensPerMinute = Least(states, state => state.TokensPerMinute, state => state.EndpointTokensPerMinute),
            LatencySeconds = calls > 0 ? Math.Round(latencies.Sum(state => state.Latency!.Value.TotalSeconds * state.Calls / calls), Digits + 1) : null,
            PausedSeconds = Math.Round(states.Max(state => state.PausedFor).TotalSeconds, Digits),
            Weight = weight,
            Share = Math.Round((double)weight / Math.Max(weight, states.Max(state => state.WaitingWeight)), Digits),
        };
    }

    // What an endpoint's headers tell is for all instances together, and each has heard it; the other limits are of one instance.
    private static double? Least(IReadOnlyList<LimiterSnapshot> states, Func<LimiterSnapshot, double?> own, Func<LimiterSnapshot, double?> endpoint)
    {
        double? sum = states.All(state => own(state) is not null) ? states.Sum(own) : null;
        var limit = states.Max(endpoint);
        return (sum is null || limit < sum ? limit ?? sum : sum) is { } least ? Math.Round(least, Digits) : null;
    }
}
