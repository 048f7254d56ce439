using ModelJobs.Contracts;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Tests.Dispatch;

public sealed class ShortWayTests
{
    private const int Small = 20;

    [Theory]
    [InlineData(1000, 1, JobPriority.Normal, true)] // 20 chunks of 50
    [InlineData(1001, 1, JobPriority.Normal, false)]
    [InlineData(1, 1, JobPriority.Low, false)]
    [InlineData(1_000_000, 1, JobPriority.High, true)]
    [InlineData(40, JobLimits.MaxChunkBytes, JobPriority.Normal, false)] // long items fill chunks of their own
    [InlineData(20, JobLimits.MaxChunkBytes, JobPriority.Normal, true)]
    public void IsFor_Job_GoesByItsSizeAndPriority(long items, int itemBytes, JobPriority priority, bool expected) =>
        Assert.Equal(expected, ShortWay.IsFor(Job(items, itemBytes, priority), items, new JobSettings { ExpressChunks = Small }));

    [Fact]
    public void IsFor_FewItemsOfALargeJob_GoTheShortWay()
    {
        var job = Job(1_000_000, itemBytes: 100, JobPriority.Normal);

        Assert.True(ShortWay.IsFor(job, items: 7, new JobSettings()));
    }

    [Fact]
    public void IsFor_ExternalModel_HasNoShortWay() =>
        Assert.False(ShortWay.IsFor(Job(1, 1, JobPriority.Normal) with { External = true }, 1, new JobSettings()));

    [Fact]
    public void IsFor_ShortWayForHighPriorityOnly_IsNoneForSmallJobs() =>
        Assert.False(ShortWay.IsFor(Job(1, 1, JobPriority.Normal), 1, new JobSettings { ExpressChunks = 0 }));

    private static JobManifest Job(long items, int itemBytes, JobPriority priority) => new()
    {
        Id = "job",
        Model = "model",
        Options = new JobOptions { Priority = priority },
        Input = "input",
        Items = items,
        Bytes = items * itemBytes,
        Fingerprint = "",
        CreatedAt = default,
    };
}
