using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class ParkedCommandTests : IAsyncLifetime
{
    private readonly JumpingTime _time = new();
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Theory]
    [InlineData("redrive a1b2", "{}")]
    [InlineData("redrive a1b2 --code x --code y --id 1 --model other", """{"codes":["x","y"],"ids":["1"],"model":"other"}""")]
    [InlineData("discard a1b2 --id 1 --id 2", """{"ids":["1","2"]}""")]
    [InlineData("discard a1b2", "{}")]
    public async Task Run_Selection_IsSentAsJson(string args, string expected)
    {
        var words = args.Split(' ');

        var run = await CliRun.AgainstAsync(_service, _time, words);

        Assert.Equal((0, "Accepted. Follow it with `jobs watch a1b2`.\n"), (run.ExitCode, run.Output));
        Assert.Equal([$"POST /api/jobs/a1b2/{words[0]}"], _service.Calls);
        Assert.Equal("application/json", _service.LastHeaders.ContentType);
        AssertSameMembers(expected, _service.SubmittedBody);
    }

    [Fact]
    public async Task Redrive_NothingParked_SaysSo()
    {
        _service.Told = (200, Jobs.Ended());

        var run = await CliRun.AgainstAsync(_service, _time, "redrive", Jobs.Id);

        Assert.Equal((0, "Job a1b2 has no such items: 100 items.\n"), (run.ExitCode, run.Output));
    }

    [Theory]
    [InlineData(100, 0, 0)]
    [InlineData(98, 2, 1)]
    public async Task Redrive_Watched_ExitsAsTheJobEnds(long succeeded, long failed, int exitCode)
    {
        _service.Statuses.Enqueue(Jobs.Running(90, 5));
        _service.Statuses.Enqueue(Jobs.Ended(succeeded, failed));

        var run = await CliRun.AgainstAsync(_service, _time, "redrive", Jobs.Id, "--watch");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.StartsWith("Running: 95 of 100 items, 5 failed", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains($"{succeeded} succeeded, {failed} failed of 100 items", run.Output, StringComparison.Ordinal);
    }

    private static void AssertSameMembers(string expected, string json) => Assert.Equal(
        System.Text.Json.Nodes.JsonNode.Parse(expected)!.AsObject().OrderBy(member => member.Key).Select(member => $"{member.Key}={member.Value!.ToJsonString()}"),
        System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject().OrderBy(member => member.Key).Select(member => $"{member.Key}={member.Value!.ToJsonString()}"));
}
