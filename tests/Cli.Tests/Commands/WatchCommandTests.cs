using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ModelJobs.Cli.Progress;
using ModelJobs.Cli.Tests.StandIns;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class WatchCommandTests : IAsyncLifetime
{
    private readonly JumpingTime _time = new();
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Watch_UntilTheEnd_PrintsALineAtEachChange()
    {
        Answer(Jobs.NotStarted(), Jobs.Running(24), Jobs.Running(24), Jobs.Running(48, failed: 2), Jobs.Ended(98, 2));

        var run = await WatchAsync();

        Assert.Equal(
            [
                "NotStarted: 0 of 100 items",
                "Running: 24 of 100 items, 12 items/s, 4.0 s left",
                "Running: 50 of 100 items, 2 failed, 12 items/s, 4.0 s left",
                "Succeeded: 100 of 100 items, 2 failed",
            ],
            run.ErrorLines);
        Assert.Equal(
            [
                "Job a1b2 ended with failed items: 98 succeeded, 2 failed of 100 items",
                "  took     10 s, 12 items/s",
                "  results  jobs results a1b2",
                "  errors   jobs errors a1b2",
            ],
            run.OutputLines);
    }

    [Fact]
    public async Task Watch_OfAJobWithoutARate_SaysHowLongItTookAlone()
    {
        Answer(Jobs.Ended(0, 100) with { ItemsPerSecond = null });

        Assert.Contains("  took     10 s", (await WatchAsync()).OutputLines);
    }

    [Fact]
    public async Task Watch_OfAJobThatWasCanceled_CountsWhatItLeft()
    {
        Answer(Jobs.Ended(status: JobStatus.Canceled) with { Items = new ItemCounts(100, 60, 3, Canceled: 35, Discarded: 2) });

        CliRun run = await WatchAsync();

        Assert.Equal("Canceled: 100 of 100 items, 3 failed, 35 canceled, 2 discarded", run.ErrorLines[^1]);
        Assert.Equal("Job a1b2 was canceled: 60 succeeded, 3 failed, 35 canceled, 2 discarded of 100 items", run.OutputLines[0]);
        Assert.Equal("  errors   jobs errors a1b2", run.OutputLines[^1]);
    }

    [Theory]
    [InlineData(0, 1, 0, 1)]
    [InlineData(0, 0, 1, 0)]
    public async Task Watch_OfEndedJob_ExitsByWhatIsLeftToDo(long failed, long canceled, long discarded, int exitCode)
    {
        Answer(Jobs.Ended() with { Items = new ItemCounts(100, 100 - failed - canceled - discarded, failed, canceled, discarded) });

        Assert.Equal(exitCode, (await WatchAsync()).ExitCode);
    }

    [Fact]
    public async Task Watch_WhileTheJobRuns_LetsTheServiceHoldItsAnswer()
    {
        Answer(Jobs.Running(), Jobs.Ended());

        await WatchAsync();

        Assert.Equal("wait=2", _service.LastHeaders["Prefer"]);
        Assert.Equal(2, _service.Calls.Count);
    }

    [Fact]
    public async Task Watch_WhenTheServiceHoldsNoAnswer_StillAsksAtItsInterval()
    {
        var asked = new List<DateTimeOffset>();
        Job[] statuses = [Jobs.Running(1), Jobs.Running(2), Jobs.Running(3), Jobs.Ended()];
        _service.Intercept = async call =>
        {
            asked.Add(_time.GetUtcNow());
            await call.Response.WriteAsync(JsonSerializer.Serialize(statuses[asked.Count - 1], ContractsJson.Wire.Job), call.RequestAborted);
            return true;
        };

        await WatchAsync();

        var interval = TimeSpan.FromSeconds(2);
        Assert.Equal([asked[0], asked[0], asked[0] + interval, asked[0] + 2 * interval], asked);
    }

    [Theory]
    [InlineData(JobStatus.Succeeded, 100, 0, 0)]
    [InlineData(JobStatus.Succeeded, 99, 1, 1)]
    [InlineData(JobStatus.Failed, 0, 0, 1)]
    [InlineData(JobStatus.Canceled, 50, 0, 1)]
    public async Task Watch_OfEndedJob_ExitsByHowItEnded(JobStatus status, long succeeded, long failed, int exitCode)
    {
        Answer(Jobs.Ended(succeeded, failed, status));

        var run = await WatchAsync("--json");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(
            Jobs.Ended(succeeded, failed, status), JsonSerializer.Deserialize(Assert.Single(run.OutputLines), ContractsJson.Wire.Job));
    }

    [Fact]
    public async Task Watch_OfJobThatFailedAsAWhole_SaysWhy()
    {
        Answer(Jobs.Ended(0, 0, JobStatus.Failed) with { Error = new JobError("deadline", "The job passed its deadline.") });

        var run = await WatchAsync();

        Assert.Contains("  reason   The job passed its deadline. (deadline)", run.OutputLines);
    }

    [Fact]
    public async Task Watch_WhenContactIsLostForAWhile_GoesOn()
    {
        Answer(Jobs.Running(10), Jobs.Ended());
        Refuse(StatusCodes.Status503ServiceUnavailable, call => call is > 1 and <= 4);

        var run = await WatchAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(3, run.ErrorLines.Count(line => line.Contains("answered 503 ServiceUnavailable. Trying again", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Watch_WhenContactIsLostForGood_GivesUp()
    {
        Answer(Jobs.Running(10));
        Refuse(StatusCodes.Status503ServiceUnavailable, call => call > 1);

        var run = await WatchAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(JobWatcher.MaxFailures + 2, _service.Calls.Count);
    }

    [Fact]
    public async Task Watch_OfUnknownJob_FailsAtOnce()
    {
        Refuse(StatusCodes.Status404NotFound, _ => true);

        var run = await WatchAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("error: Not Found: No job a1b2.\n", run.Error);
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task Watch_WhenNoServiceAnswers_SaysHowToStartOne()
    {
        await _service.DisposeAsync();

        var run = await CliRun.ExecuteAsync(["watch", Jobs.Id, "--endpoint", "http://127.0.0.1:1"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(
            "error: No service answers at http://127.0.0.1:1. Start one with `jobs serve`, or name another with --endpoint.\n", run.Error);
    }

    [Fact]
    public async Task Watch_OfSomethingElseThanTheService_SaysSo()
    {
        _service.Intercept = async call =>
        {
            await call.Response.WriteAsync("<html>Welcome</html>", call.RequestAborted);
            return true;
        };

        var run = await WatchAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is not a ModelJobs response", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_Interrupted_SaysThatTheJobGoesOn()
    {
        Answer(Jobs.Running(10));
        using var interrupt = new CancellationTokenSource();
        _service.Intercept = async call =>
        {
            if (_service.Calls.Count < 2)
            {
                return false;
            }

            await interrupt.CancelAsync();
            await new TaskCompletionSource().Task.WaitAsync(call.RequestAborted);
            return true;
        };

        var run = await CliRun.ExecuteAsync(
            ["watch", Jobs.Id, "--endpoint", _service.BaseUri.ToString()],
            new CliSetup { Time = _time, Interrupt = interrupt.Token });

        Assert.Equal(130, run.ExitCode);
        Assert.Contains("The job goes on; `jobs watch a1b2` follows it again.", run.Error, StringComparison.Ordinal);
    }

    private void Answer(params Job[] statuses)
    {
        foreach (var status in statuses)
        {
            _service.Statuses.Enqueue(status);
        }
    }

    private void Refuse(int status, Func<int, bool> callNumber) => _service.Intercept = async call =>
    {
        if (!callNumber(_service.Calls.Count))
        {
            return false;
        }

        if (status == StatusCodes.Status404NotFound)
        {
            await StandInService.WriteProblemAsync(
                call, new Problem { Type = "/problems/not-found", Title = "Not Found", Status = status, Detail = $"No job {Jobs.Id}." });
        }
        else
        {
            call.Response.StatusCode = status;
        }

        return true;
    };

    private Task<CliRun> WatchAsync(params string[] options) => CliRun.AgainstAsync(_service, _time, ["watch", Jobs.Id, .. options]);
}
