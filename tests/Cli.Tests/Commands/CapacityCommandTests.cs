using System.Text.Json;
using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class CapacityCommandTests
{
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
}
