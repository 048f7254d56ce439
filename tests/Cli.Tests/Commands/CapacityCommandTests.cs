using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class CapacityCommandTests
{
    private static readonly JobCapacity Measured = new()
    {
        Nodes = 4,
        TaskSeconds = 0.5,
        QueueSeconds = 0.1,
        BalanceSeconds = 0.025,
        QueueWaitSeconds = 12,
        Parallelism = 3.2,
        ParallelismObserved = 3.04,
        EventsPerSecond = 6.4,
        EventsPerSecondObserved = 6.08,
    };

    [Fact]
    public async Task Capacity_OfTheWorkedExample_PrintsBothReadingsAndUsesTheSecond()
    {
        var run = await CliRun.ExecuteAsync(
            ["capacity", "--nodes", "10", "--task-seconds", "10", "--queue-seconds", "5", "--balance-seconds", "2"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("10 x 10 / (5 + 2) = 14.29", run.Output, StringComparison.Ordinal);
        Assert.Contains("10 x 10 / (10 + 5 + 2) = 5.88", run.Output, StringComparison.Ordinal);
        Assert.Contains("The second is used here", run.Output, StringComparison.Ordinal);
        Assert.Contains("5.88 of 10 nodes compute at once, 58.8 % of their time", run.Output, StringComparison.Ordinal);
        Assert.Contains("0.588 events a second", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capacity_WithJson_PrintsTheNumbers()
    {
        var run = await CliRun.ExecuteAsync(
            ["capacity", "--nodes", "4", "--task-seconds", "0.5", "--queue-seconds", "0", "--balance-seconds", "0", "--json"]);

        var numbers = JsonElement.Parse(Assert.Single(run.OutputLines));
        Assert.Equal(4, numbers.GetProperty("parallelism").GetDouble());
        Assert.Equal(8, numbers.GetProperty("eventsPerSecond").GetDouble());
        Assert.Equal(JsonValueKind.Null, numbers.GetProperty("parallelismAsPrinted").ValueKind);
    }

    [Theory]
    [InlineData("0", "1", "--nodes must be a whole number from 1")]
    [InlineData("1", "0", "--task-seconds must be a number of seconds above 0")]
    [InlineData("1", "-1", "--task-seconds must be a number of seconds above 0")]
    [InlineData("1", "ten", "--task-seconds must be a number of seconds above 0")]
    public async Task Capacity_WithWrongNumbers_SaysWhichAndDoesNotRun(string nodes, string task, string problem)
    {
        var run = await CliRun.ExecuteAsync(
            ["capacity", "--nodes", nodes, "--task-seconds", task, "--queue-seconds", "0", "--balance-seconds", "0"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Capacity_WithoutANumber_SaysWhichIsMissing()
    {
        var run = await CliRun.ExecuteAsync(["capacity", "--nodes", "1"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--task-seconds", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capacity_OfAJob_ComparesWhatItPredictsWithWhatIsObserved()
    {
        var run = await OfJobAsync(Jobs.Running(20) with { Capacity = Measured }, "capacity", "--job", Jobs.Id);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("4 nodes", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"parallelism\s+3\.20\s+3\.04\s+0\.95\n", run.Output);
        Assert.Matches(@"chunks/s\s+6\.40\s+6\.08\s+0\.95\n", run.Output);
        Assert.Matches(@"Tp\s+0\.1000 s", run.Output);
        Assert.Matches(@"left\s+4\.0 s", run.Output);
    }

    [Fact]
    public async Task Capacity_OfAJobWithJson_PrintsTheNumbers()
    {
        var run = await OfJobAsync(Jobs.Ended() with { Capacity = Measured }, "capacity", "--job", Jobs.Id, "--json");

        var numbers = JsonElement.Parse(Assert.Single(run.OutputLines));
        Assert.Equal((3.2, 3.04), (numbers.GetProperty("parallelism").GetDouble(), numbers.GetProperty("parallelismObserved").GetDouble()));
        Assert.Equal(0.95, numbers.GetProperty("parallelismRatio").GetDouble(), 6);
    }

    [Fact]
    public async Task Capacity_OfAJobWithoutMeasurements_SaysWhy()
    {
        var run = await OfJobAsync(Jobs.Running(), "capacity", "--job", Jobs.Id);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("Nothing is measured of job a1b2 yet", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capacity_OfAJobAndOfNumbers_SaysThatItIsOneOfThem()
    {
        var run = await CliRun.ExecuteAsync(["capacity", "--job", "a1b2", "--nodes", "3"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--nodes cannot be given with --job", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capacity_OfAnEmptyJob_SaysWhereIdsAre()
    {
        var run = await CliRun.ExecuteAsync(["capacity", "--job", ""]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--job must not be empty. `jobs list` shows the ids.", run.Error, StringComparison.Ordinal);
    }

    private static async Task<CliRun> OfJobAsync(Job job, params string[] args)
    {
        var time = new FakeTimeProvider();
        await using var service = await StandInService.StartAsync(time);
        service.Statuses.Enqueue(job);
        return await CliRun.AgainstAsync(service, time, args);
    }
}
