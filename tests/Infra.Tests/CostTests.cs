using System.Globalization;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Plan;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>The cost table of docs/costs.md is what the estimate's formulas and the default prices make.</summary>
public sealed class CostTests
{
    private const int ItemBytes = 100;
    private static readonly long[] Jobs = [10_000, 1_000_000, 100_000_000];

    [Fact]
    public void CostsPage_ThreeJobs_AreWhatTheFormulasGive()
    {
        var shapes = Jobs.Select(Shape).ToList();
        var prices = new PriceSettings();

        var expected = new (string Row, Func<JobShape, decimal> Value, string Format)[]
        {
            ("pages P", job => job.Pages, "N0"),
            ("chunks C", job => job.Chunks, "N0"),
            ("Service Bus operations", job => JobFormulas.ServiceBus(job).Operations, "N0"),
            ("storage writes", job => JobFormulas.Storage(job).Writes, "N0"),
            ("storage reads", job => JobFormulas.Storage(job).Reads, "N0"),
            ("activities", job => JobFormulas.Durable(job).Activities, "N0"),
            ("orchestrations", job => JobFormulas.Durable(job).Orchestrations, "N0"),
            ("history events", job => JobFormulas.Durable(job).HistoryEvents, "N0"),
            ("executions", job => JobFormulas.Executions(job), "N0"),
            ($"Service Bus, at {prices.ServiceBusOperations:0.00} a million", job => ServiceBus(job, prices), "N4"),
            ($"writes, at {prices.StorageWrites:0.00} a million", job => Writes(job, prices), "N4"),
            ($"reads, at {prices.StorageReads:0.00} a million", job => Reads(job, prices), "N4"),
            ($"executions, at {prices.Executions:0.00} a million", job => Executions(job, prices), "N4"),
            ("sum, USD", job => ServiceBus(job, prices) + Writes(job, prices) + Reads(job, prices) + Executions(job, prices), "N4"),
        }.Select(row => shapes.Select(job => row.Value(job).ToString(row.Format, CultureInfo.InvariantCulture)).Prepend(row.Row).ToList());

        Assert.Equal(expected.Select(row => string.Join(" | ", row)), MarkdownTable.Below("Three jobs", "docs", "costs.md").Select(row => string.Join(" | ", row)));
    }

    [Fact]
    public void ApiPage_DryRun_IsWhatTheFormulasGive()
    {
        var (job, prices, page) = (Shape(Jobs[0]), new PriceSettings(), Repository.Read("docs", "api.md"));
        var total = ServiceBus(job, prices) + Writes(job, prices) + Reads(job, prices) + Executions(job, prices);

        Assert.All(
            [
                $"\"items\":{job.Items},\"bytes\":{job.Bytes},\"pages\":{job.Pages},\"chunks\":{job.Chunks},",
                $"\"operations\":{JobFormulas.ServiceBus(job).Operations}}}",
                $"\"storage\":{JsonSerializer.Serialize(JobFormulas.Storage(job), JsonSerializerOptions.Web)}",
                $"\"durable\":{JsonSerializer.Serialize(JobFormulas.Durable(job), JsonSerializerOptions.Web)},\"executions\":{JobFormulas.Executions(job)},",
                string.Create(CultureInfo.InvariantCulture, $"\"total\":{total:0.0######},"),
            ],
            part => Assert.Contains(part, page, StringComparison.Ordinal));
    }

    private static decimal ServiceBus(JobShape job, PriceSettings prices) => JobFormulas.ServiceBus(job).Operations * prices.ServiceBusOperations!.Value / 1_000_000m;

    private static decimal Writes(JobShape job, PriceSettings prices) => JobFormulas.Storage(job).Writes * prices.StorageWrites!.Value / 1_000_000m;

    private static decimal Reads(JobShape job, PriceSettings prices) => JobFormulas.Storage(job).Reads * prices.StorageReads!.Value / 1_000_000m;

    private static decimal Executions(JobShape job, PriceSettings prices) => JobFormulas.Executions(job) * prices.Executions!.Value / 1_000_000m;

    // The pages are those that the job's own cutter makes; within a page all chunks are full.
    private static JobShape Shape(long items)
    {
        var cutter = PlanJob.CutterOf(JobLimits.DefaultChunkItems);
        for (var item = 0L; item < items; item++)
        {
            cutter.Add(ItemBytes);
        }

        cutter.Finish();
        var chunks = items / JobLimits.DefaultChunkItems;
        return new JobShape { Items = items, Bytes = items * ItemBytes, Pages = cutter.Pages, Chunks = chunks, ChunkOperations = chunks };
    }
}
