using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>Durable history grows with pages, never with chunks or items, and no execution has much of it.</summary>
public sealed class HistorySizeTests(ITestOutputHelper output)
{
    private const int MaxEventsPerExecution = 5_000;

    /// <summary>Of a job, its pages apart.</summary>
    private const int MaxEventsPerJob = 100;

    /// <summary>With three calls of CollectPage, one of DispatchPage and at most one of AssembleResults.</summary>
    private const int MaxEventsPerPage = 40;

    [Theory]
    [InlineData(100_000, 50)]
    [InlineData(1_000_000, 50)]
    [InlineData(1_000_000, 10)]
    [InlineData(10_000_000, 50)]
    public async Task Run_OfAJobOfAnySize_HistoryGrowsWithPagesAndNoExecutionHasMuch(long items, int chunkItems)
    {
        var itemsPerPage = PlanJob.MaxItems(chunkItems);
        await using var bench = new OrchestrationBench(itemsPerPage, slices: 3);

        var summary = await bench.RunAsync(items, new JobOptions { ChunkItems = chunkItems });

        var pages = items / itemsPerPage;
        output.WriteLine($"{pages} pages: {bench.HistoryEvents} events, at most {bench.LargestHistory} in an execution");
        Assert.Equal(items, summary.Totals.Succeeded);
        Assert.InRange(bench.LargestHistory, 1, MaxEventsPerExecution);
        Assert.InRange(bench.HistoryEvents, pages, MaxEventsPerJob + (MaxEventsPerPage * pages));
    }
}
