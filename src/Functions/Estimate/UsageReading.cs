using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Estimate;

/// <summary>Says what a job has used, and what that costs: the measured counterpart of <see cref="JobEstimator"/>.</summary>
internal sealed class UsageReading(PriceSettings prices)
{
    /// <param name="run">The job.</param>
    /// <param name="sums">What was measured, all rounds together.</param>
    /// <returns>Null if nothing was measured.</returns>
    public JobUsage? Of(JobRun run, RunSums sums)
    {
        if (sums.Answers == 0)
        {
            return null;
        }

        var isMeasured = sums.Runs > 0;
        // Each answer of an external worker is to one message at least.
        var chunks = isMeasured ? sums.Runs : sums.Answers;
        var operations = JobFormulas.Operations(chunks, sums.Answers, inLanes: run.Lanes > 0);
        TokenCounts? tokens = sums.InputTokens + sums.OutputTokens > 0 ? new TokenCounts(sums.InputTokens, sums.OutputTokens) : null;
        return new JobUsage
        {
            ChunkRuns = isMeasured ? sums.Runs : null,
            Attempts = sums.Attempts,
            Messages = chunks + sums.Answers,
            ServiceBusOperations = operations,
            BusySeconds = isMeasured ? Math.Round(sums.Task.TotalSeconds, 3) : null,
            Tokens = tokens,
            Cost = prices.CostOf(
                ("serviceBusOperations", operations, prices.ServiceBusOperations),
                ("executions", isMeasured ? sums.Runs : null, prices.Executions),
                ("inputTokens", tokens?.Input, prices.InputTokens),
                ("outputTokens", tokens?.Output, prices.OutputTokens)),
        };
    }
}
