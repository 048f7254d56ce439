using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.StandIns;

/// <summary>A job at different moments of its life. It has 100 items and took 10 seconds.</summary>
public static class Jobs
{
    public const string Id = "a1b2";

    private static readonly DateTimeOffset Created = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Of two instances, one of which pauses.</summary>
    public static JobBalance Balance { get; } = new()
    {
        Instances = 2,
        Window = 12,
        InFlight = 8,
        Waiting = 1040,
        Calls = 4300,
        Throttled = 3,
        RequestsPerMinute = 600,
        PausedSeconds = 2,
        Weight = 4,
        Share = 0.5,
    };

    public static Job NotStarted() => Running() with { Status = JobStatus.NotStarted };

    public static Job Running(long succeeded = 0, long failed = 0) => new()
    {
        Id = Id,
        Status = JobStatus.Running,
        Model = "simulate",
        Options = new JobOptions { ChunkItems = 50 },
        Items = new ItemCounts(100, succeeded, failed),
        Pages = new PageCounts(2, 0),
        Percent = succeeded + failed,
        ItemsPerSecond = succeeded + failed == 0 ? null : 12,
        EtaSeconds = succeeded + failed == 0 ? null : 4,
        CreatedAt = Created,
        LastUpdatedAt = Created.AddSeconds(5),
        Links = new JobLinks($"/api/jobs/{Id}", $"/api/jobs/{Id}/results", $"/api/jobs/{Id}/errors", $"/api/jobs/{Id}/parked"),
    };

    public static Job Ended(long succeeded = 100, long failed = 0, JobStatus status = JobStatus.Succeeded) => Running(succeeded, failed) with
    {
        Status = status,
        Items = new ItemCounts(succeeded + failed, succeeded, failed),
        Percent = 100,
        EtaSeconds = null,
        CompletedAt = Created.AddSeconds(10),
    };
}
