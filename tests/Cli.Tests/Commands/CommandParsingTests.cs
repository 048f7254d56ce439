using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class CommandParsingTests
{
    [Theory]
    [InlineData("bogus", "Unrecognized command or argument 'bogus'")]
    [InlineData("run items.jsonl", "Option '--model' is required")]
    [InlineData("submit --model m", "Required argument 'FILE' missing")]
    [InlineData("submit items.jsonl --model m --chunk-items 0", "--chunk-items must be a whole number from 1 to 1000")]
    [InlineData("submit items.jsonl --model m --chunk-items many", "--chunk-items must be a whole number from 1 to 1000")]
    [InlineData("submit items.jsonl --model m --priority urgent", "--priority must be low, normal or high")]
    [InlineData("submit items.jsonl --model m --max-concurrency 1001", "--max-concurrency must be a whole number from 1 to 1000")]
    [InlineData("submit items.jsonl --model m --on-failure stop", "--on-failure must be continue or stopLane")]
    [InlineData("submit items.jsonl --model m --tolerate some", "--tolerate must be a number of items such as 5, or a share such as 1%")]
    [InlineData("submit items.jsonl --model m --deadline 91d", "--deadline must be a length of time such as 90s, 30m, 2h or 7d, and at most 90d")]
    [InlineData("submit items.jsonl --model m --retention 0d", "--retention must be a length of time such as 90s, 30m, 2h or 7d, and at most 3650d")]
    [InlineData("discard a --model m", "Unrecognized command or argument '--model'")]
    [InlineData("parked a --follow", "Unrecognized command or argument '--follow'")]
    [InlineData("purge a", "If that is meant: `jobs purge a --yes`")]
    [InlineData("serve --port 65536", "--port must be a whole number from 0 to 65535")]
    [InlineData("list --top 0", "--top must be a whole number from 1 to 10000")]
    [InlineData("watch", "Required argument 'JOB' missing")]
    [InlineData("run items.jsonl --model m --endpoint http://localhost", "Unrecognized command or argument '--endpoint'")]
    [InlineData("serve --function-key k", "Unrecognized command or argument '--function-key'")]
    [InlineData("show a --endpoint ftp://host", "ftp://host is not an HTTP address")]
    public async Task Run_WithBadArguments_SaysWhatIsWrongAndExits2(string args, string message)
    {
        var run = await CliRun.ExecuteAsync(args.Split(' '));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public async Task Watch_WithEmptyId_IsRefused(string id)
    {
        var run = await CliRun.ExecuteAsync(["watch", id]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("JOB must not be empty", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutArguments_ShowsTheCommands()
    {
        var run = await CliRun.ExecuteAsync([]);

        Assert.Equal(0, run.ExitCode);
        foreach (var command in (string[])["serve", "run", "submit", "watch", "show", "list", "results", "errors", "parked", "cancel", "pause", "resume", "redrive", "discard", "purge"])
        {
            Assert.Contains($"\n  {command} ", run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Help_WithKeyInTheEnvironment_DoesNotPrintIt()
    {
        var run = await CliRun.ExecuteAsync(
            ["submit", "--help"], new CliSetup { Variables = { ["MODELJOBS_KEY"] = "secret" } });

        Assert.Contains("--function-key", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("serve")]
    public async Task Help_OfACommandThatServesItself_NamesNoServiceToTalkTo(string command)
    {
        var run = await CliRun.ExecuteAsync([command, "--help"]);

        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain("--endpoint", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--function-key", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("watch")]
    public async Task Help_OfACommandThatEndsWithAJob_SaysWhatItReturns(string command)
    {
        var run = await CliRun.ExecuteAsync([command, "--help"]);

        Assert.Matches("Exit codes:\n +0 .*every item succeeded\n +1 .*failed or canceled items.*\n +2 .*bad input.*\n +130 .*Ctrl", run.Output);
    }
}
