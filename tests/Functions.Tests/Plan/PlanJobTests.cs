using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Plan;

public sealed class PlanJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string Input = "input";

    [Fact]
    public async Task Run_MoreItemsThanAPageTakes_PlansWhatPageCutterCuts()
    {
        var lines = await StoreAsync(Enumerable.Range(0, 450).Select(_ => 60));

        var report = await PlanAsync(items: 450, chunkItems: 1);

        Assert.Equal(3, report.Pages);
        Assert.Equal(Cut(lines, chunkItems: 1), await ReadPlanAsync(report.Pages));
    }

    [Fact]
    public async Task Run_LinesAcrossReadBuffersAndMoreBytesThanAPageTakes_PlansWhatPageCutterCuts()
    {
        // Lengths without a common divisor with the buffers: line ends fall before, on and after their edges.
        var lines = await StoreAsync(Enumerable.Range(0, 40).Select(i => 300_000 + (i * 7919)));

        var report = await PlanAsync(items: 40, chunkItems: 50);

        Assert.Equal(2, report.Pages);
        Assert.Equal(Cut(lines, chunkItems: 50), await ReadPlanAsync(report.Pages));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Run_OtherNumberOfLinesThanAccepted_Throws(int accepted)
    {
        await StoreAsync([60, 60, 60]);

        await Assert.ThrowsAsync<InvalidDataException>(() => PlanAsync(accepted, chunkItems: 1));
    }

    [Fact]
    public async Task Run_Again_WritesTheSamePlan()
    {
        await StoreAsync(Enumerable.Range(0, 450).Select(_ => 60));

        await PlanAsync(items: 450, chunkItems: 1);
        var first = await Bench.ReadTextAsync(JobBlobs.Plan(Job));
        await PlanAsync(items: 450, chunkItems: 1);

        Assert.Equal(first, await Bench.ReadTextAsync(JobBlobs.Plan(Job)));
    }

    [Theory]
    [InlineData(1, 2000)]
    [InlineData(50, 10_000)]
    [InlineData(1000, 10_000)]
    public void MaxItems_ChunkItems_StaysWithinTheLimitsOfItemsAndChunks(int chunkItems, int expected) =>
        Assert.Equal(expected, PlanJob.MaxItems(chunkItems));

    /// <summary>Stores lines of the given lengths, line feeds included.</summary>
    private async Task<List<int>> StoreAsync(IEnumerable<int> lengths)
    {
        var lines = lengths.ToList();
        var input = new byte[lines.Sum()];
        input.AsSpan().Fill((byte)'x');
        var end = 0;
        foreach (var length in lines)
        {
            end += length;
            input[end - 1] = (byte)'\n';
        }

        await Bench.StoreAsync(Input, input);
        return lines;
    }

    private Task<PlanReport> PlanAsync(int items, int chunkItems) =>
        new PlanJob(Bench.Blobs).Run(new PlanOrder(Job, Input, items, chunkItems), Token).BoundedAsync();

    private async Task<List<PagePlan>> ReadPlanAsync(int pages)
    {
        var plan = new List<PagePlan>();
        for (var page = 0; page < pages; page++)
        {
            plan.Add(await PagePlan.ReadAsync(Bench.Blobs, Job, page, Token));
        }

        return plan;
    }

    private static List<PagePlan> Cut(List<int> lines, int chunkItems)
    {
        var cutter = new PageCutter(PlanJob.FirstItems(chunkItems), PlanJob.MaxItems(chunkItems), JobLimits.MaxPageBytes);
        return [.. lines.Select(cutter.Add).OfType<PagePlan>(), cutter.Finish()!];
    }
}
