using System.Text.Json;
using CsCheck;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Plan;

namespace ModelJobs.Functions.Tests.Collect;

public sealed class RunSumsTests
{
    /// <summary>What a blob's metadata may have, names and values together.</summary>
    private const int MaxMetadataBytes = 8 * 1024;

    private const long Noon = 1_900_000_000;

    [Fact]
    public void Add_InAnyOrderAndGrouping_IsTheSame() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3], Gen.Int[0, 1_000_000], Gen.Int[0, 20])
            .Select(run => RunSums.Of(Timing($"instance{run.Item1}", run.Item2, Noon + run.Item4, run.Item3), items: run.Item3 % 50))
            .List[1, 30]
            .Sample(runs =>
            {
                var inOrder = runs.Aggregate(RunSums.None, (sum, run) => sum + run);
                var halves = runs.Take(runs.Count / 2).Reverse().Aggregate(RunSums.None, (sum, run) => run + sum)
                    + runs.Skip(runs.Count / 2).Aggregate(RunSums.None, (sum, run) => sum + run);
                Assert.Equal(Json(Sorted(inOrder)), Json(Sorted(halves)));
                Assert.Equal(runs.Count, inOrder.Runs);
            });

    [Fact]
    public void Add_MoreInstancesThanAreRemembered_KeepsThoseSeenLast()
    {
        var sums = Many(RunSums.MaxInstances + 10);

        Assert.Equal(RunSums.MaxInstances, sums.Instances.Count);
        Assert.DoesNotContain(sums.Instances, instance => instance.SeenAt < Noon + 10);
        Assert.Equal(RunSums.MaxInstances + 10, sums.Runs);
    }

    [Fact]
    public void Nodes_AnInstanceThatHasGone_IsCountedNoLonger()
    {
        var gone = RunSums.Of(Timing("gone", slot: 15, Noon, micros: 1000), 1);
        var here = RunSums.Of(Timing("here", slot: 3, Noon + 61, micros: 1000), 1);
        var slow = RunSums.Of(Timing("slow", slot: 1, Noon, micros: 60_000_000), 1);

        Assert.Equal(16, gone.Nodes);
        Assert.Equal(4, (gone + here).Nodes);
        // With cycles of half a minute, a minute without an answer says nothing.
        Assert.Equal(6, (slow + here).Nodes);
    }

    [Fact]
    public void ToMetadata_OfAFullPartWithManyInstances_FitsABlob()
    {
        var all = ItemSet.First(JobLimits.MaxPageItems);
        var sums = Many(RunSums.MaxInstances) with
        {
            Runs = long.MaxValue / 2,
            Items = 10_000,
            Attempts = long.MaxValue,
            Throttled = long.MaxValue,
            InputTokens = long.MaxValue,
            OutputTokens = long.MaxValue,
            Task = TimeSpan.MaxValue,
            Balance = TimeSpan.MaxValue,
            Idle = TimeSpan.MaxValue,
            Wait = TimeSpan.MaxValue,
            Tail = TimeSpan.MaxValue,
            Tails = long.MaxValue,
        };
        var part = new PartSummary(all, all, all, 10_000, long.MaxValue) { Sums = sums };

        var metadata = part.ToMetadata();

        Assert.InRange(metadata.Sum(pair => pair.Key.Length + pair.Value.Length), 1, MaxMetadataBytes);
        Assert.All(metadata.Values, value => Assert.True(value.All(char.IsAscii)));
        Assert.Equal(Json(sums), Json(PartSummary.Of(metadata).Sums));
    }

    [Fact]
    public void Of_MetadataOfAVersionWithoutSums_HasNone()
    {
        var metadata = new PartSummary(ItemSet.First(1), ItemSet.First(1), new ItemSet(), 0, 0).ToMetadata();

        Assert.DoesNotContain("runs", metadata.Keys);
        Assert.Equal(0, PartSummary.Of(metadata).Sums.Answers);
    }

    private static RunSums Many(int instances) => Enumerable.Range(0, instances)
        .Aggregate(RunSums.None, (sum, number) => sum + RunSums.Of(Timing($"{number:x8}", slot: 999, Noon + number, micros: 1_000_000), 50));

    private static RunTiming Timing(string instance, int slot, long second, int micros) => new()
    {
        Instance = instance,
        Slot = slot,
        Runs = 1,
        Task = TimeSpan.FromMicroseconds(micros),
        Balance = TimeSpan.FromMicroseconds(micros / 7),
        ReceivedAt = (second * 1000) - (micros / 1000),
        AnsweredAt = second * 1000,
        Attempts = 50,
    };

    private static RunSums Sorted(RunSums sums) => sums with { Instances = [.. sums.Instances.OrderBy(instance => instance.Name, StringComparer.Ordinal)] };

    private static string Json(RunSums sums) => JsonSerializer.Serialize(sums, RunSumsJson.Default.RunSums);
}
