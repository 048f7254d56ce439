using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Estimate;

/// <summary>Says what a job would take: reads its items as a submission does, with the same refusals, and keeps nothing.</summary>
internal sealed class JobEstimator(ModelCatalog models, PriceSettings prices)
{
    /// <summary>Reads a request's items to their end and counts.</summary>
    /// <exception cref="ProblemException">The job would be refused.</exception>
    public async Task<JobEstimate> EstimateAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        using var counter = new ShapeCounter(request.Options);
        var counting = models.FindTokenCounter(request.Model);
        var (input, output) = (0L, 0L);
        await foreach (var (item, line) in StoredLines.ReadAsync(request.Items, request.Options, cancellationToken))
        {
            counter.Add(line);
            if (counting?.CountTokens(item.Input) is { } tokens)
            {
                (input, output) = (input + tokens.Input, output + tokens.Output);
            }
        }

        var shape = counter.Finish();
        var estimate = new JobEstimate
        {
            Model = request.Model,
            Options = WebhookPolicy.Shown(request.Options),
            Items = shape.Items,
            Bytes = shape.Bytes,
            Pages = shape.Pages,
            Chunks = shape.Chunks,
            ServiceBus = JobFormulas.ServiceBus(shape),
            Storage = JobFormulas.Storage(shape),
            Durable = JobFormulas.Durable(shape),
            Executions = JobFormulas.Executions(shape),
            Tokens = counting is null ? null : new TokenCounts(input, output),
        };
        return estimate with { Cost = CostOf(estimate) };
    }

    private CostEstimate? CostOf(JobEstimate job) => prices.CostOf(
        ("serviceBusOperations", job.ServiceBus.Operations, prices.ServiceBusOperations),
        ("storageWrites", job.Storage.Writes, prices.StorageWrites),
        ("storageReads", job.Storage.Reads, prices.StorageReads),
        ("executions", job.Executions, prices.Executions),
        ("durableActions", job.Durable.Orchestrations + job.Durable.Activities, prices.DurableActions),
        ("inputTokens", job.Tokens?.Input, prices.InputTokens),
        ("outputTokens", job.Tokens?.Output, prices.OutputTokens));
}
