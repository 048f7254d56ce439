using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ModelJobs.Cli.Tests.StandIns;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class RunCommandTests : IAsyncLifetime
{
    private const string TwoResults = """
        {"index":0,"id":"7","status":"succeeded","output":"Event 7 processed","attempts":1}
        {"index":2,"id":"9","status":"succeeded","output":{"label":3},"attempts":1}

        """;

    private const string OneError = """
        {"index":1,"id":"8","status":"failed","error":{"code":"simulated","message":"Event 8 failed."},"attempts":3}

        """;

    private readonly TemporaryFolder _folder = new();
    private readonly JumpingTime _time = new();
    private StandInService _service = null!;
    private StandInStarter _starter = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await StandInService.StartAsync(_time);
        _starter = new StandInStarter(_service);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Run_OfSmallJob_PrintsItsAnswersInInputOrderAndTheSummary()
    {
        End(Jobs.Ended(2, 1), TwoResults, OneError);

        var run = await RunAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            [
                "Event 7 processed",
                "Item 8 failed: Event 8 failed. (simulated)",
                """{"label":3}""",
                "Job a1b2 ended with failed items: 2 succeeded, 1 failed of 3 items",
                "  took     10 s, 12 items/s",
                $"  results  {_folder["out/output.jsonl"]}",
                $"  errors   {_folder["out/errors.jsonl"]}",
            ],
            run.OutputLines);
    }

    [Fact]
    public async Task Run_Dry_AsksTheServiceThatItStartsAndMakesNoFiles()
    {
        var estimate = new JobEstimate
        {
            Model = "m",
            Options = new JobOptions(),
            Items = 3,
            Bytes = 300,
            Pages = 1,
            Chunks = 1,
            ServiceBus = new ServiceBusEstimate(1, 1, 1, 2, 2, 2, 3),
            Storage = new StorageEstimate(11, 11),
            Durable = new DurableEstimate(2, 4, 14),
            Executions = 13,
        };
        _service.Intercept = async call =>
        {
            await call.Request.Body.CopyToAsync(Stream.Null, call.RequestAborted);
            await call.Response.WriteAsync(JsonSerializer.Serialize(estimate, ContractsJson.Wire.JobEstimate), call.RequestAborted);
            return true;
        };

        var run = await RunAsync("--dry-run");

        Assert.Equal(0, run.ExitCode);
        Assert.EndsWith("&dryRun=true", Assert.Single(_service.Calls), StringComparison.Ordinal);
        Assert.Matches(@"Service Bus operations +9", run.Output);
        Assert.DoesNotContain("total", run.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public async Task Run_OfLargeJob_PrintsTheSummaryAlone()
    {
        End(Jobs.Ended(100), TwoResults);

        var run = await RunAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("Job a1b2 succeeded: 100 succeeded, 0 failed of 100 items", run.OutputLines[0]);
        Assert.Equal("  errors   none", run.OutputLines[^1]);
    }

    [Fact]
    public async Task Run_ThatEnds_WritesBothFilesInPlaceOfEarlierOnes()
    {
        Directory.CreateDirectory(_folder["out"]);
        _folder.File("out/output.jsonl", "of an earlier run, and longer than what comes now".PadRight(1000));
        _folder.File("out/errors.jsonl", "of an earlier run");
        End(Jobs.Ended(2, 0), TwoResults);

        await RunAsync();

        Assert.Equal(TwoResults, await File.ReadAllTextAsync(_folder["out/output.jsonl"], TestContext.Current.CancellationToken));
        Assert.Empty(await File.ReadAllTextAsync(_folder["out/errors.jsonl"], TestContext.Current.CancellationToken));
        Assert.Equal(2, Directory.GetFiles(_folder["out"]).Length);
    }

    [Fact]
    public async Task Run_WhenAStreamBreaks_LeavesNoFilesToBeMistakenForItsOwn()
    {
        Directory.CreateDirectory(_folder["out"]);
        _folder.File("out/output.jsonl", "earlier");
        End(Jobs.Ended(2), TwoResults);
        _service.Intercept = async call =>
        {
            if (!call.Request.Path.Value!.EndsWith("/errors", StringComparison.Ordinal))
            {
                return false;
            }

            await call.Response.WriteAsync("{\"index\":", call.RequestAborted);
            await call.Response.Body.FlushAsync(call.RequestAborted);
            call.Abort();
            return true;
        };

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("The connection to", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["out"]));
    }

    [Fact]
    public async Task Run_WithJson_PrintsTheStatusAsTheOnlyLine()
    {
        End(Jobs.Ended(2, 1), TwoResults, OneError);

        var run = await RunAsync("--json");

        Assert.Equal(1, run.ExitCode);
        using var status = JsonDocument.Parse(Assert.Single(run.OutputLines));
        Assert.Equal("Succeeded", status.RootElement.GetProperty("status").GetString());
        Assert.Equal(1, status.RootElement.GetProperty("items").GetProperty("failed").GetInt64());
    }

    [Fact]
    public async Task Run_OfJobThatFailsAsAWhole_WritesTheLinesThatThereAre()
    {
        End(Jobs.Ended(0, 0, JobStatus.Failed) with { Error = new JobError("plan", "No plan.") }, TwoResults, OneError);

        var run = await RunAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("  reason   No plan. (plan)", run.OutputLines);
        Assert.Contains($"  results  {_folder["out/output.jsonl"]}", run.OutputLines);
        Assert.Equal(TwoResults, await File.ReadAllTextAsync(_folder["out/output.jsonl"], TestContext.Current.CancellationToken));
        Assert.Equal(OneError, await File.ReadAllTextAsync(_folder["out/errors.jsonl"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_StartsTheServiceOnAFreePortAndStopsIt()
    {
        End(Jobs.Ended(), TwoResults);

        await RunAsync("--data", _folder["data"]);

        Assert.Equal(0, _starter.Options!.Port);
        Assert.Equal(_folder["data"], _starter.Options.DataFolder);
        Assert.True(_starter.Stopped);
    }

    [Fact]
    public async Task Run_WhenTheServiceCannotStart_SaysWhy()
    {
        _starter = new StandInStarter(null);

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("error: The service could not start: port in use\n", run.Error);
    }

    [Fact]
    public async Task Run_Interrupted_StopsTheServiceAndSaysHowToGoOn()
    {
        using var interrupt = new CancellationTokenSource();
        _service.Statuses.Enqueue(Jobs.Running());
        _service.Intercept = async call =>
        {
            if (_service.Calls.Count < 4)
            {
                return false;
            }

            await interrupt.CancelAsync();
            await new TaskCompletionSource().Task.WaitAsync(call.RequestAborted);
            return true;
        };

        var run = await RunAsync(interrupt.Token);

        Assert.Equal(130, run.ExitCode);
        Assert.True(_starter.Stopped);
        Assert.Contains("Stopped before job a1b2 had ended", run.Error, StringComparison.Ordinal);
        Assert.Contains("It goes on with the next `jobs run` or `jobs serve` on /data.", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Run_InAFolderWithJobsThatHaveNotEnded_MentionsThem()
    {
        _service.Lists["?top=200"] = new JobList([Jobs.Running() with { Id = "j1" }, Jobs.Ended() with { Id = "j2" }, Jobs.NotStarted() with { Id = "j3" }]);
        End(Jobs.Ended(), TwoResults);

        var run = await RunAsync();

        Assert.Equal("2 earlier jobs in /data go on beside this one", run.ErrorLines[0]);
    }

    [Fact]
    public async Task Run_WhenTheServiceStopsByItself_EndsWithThatReason()
    {
        _service.Statuses.Enqueue(Jobs.Running());
        _service.Intercept = async call =>
        {
            if (_service.Calls.Count < 4)
            {
                return false;
            }

            _starter.Failure.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(call.RequestAborted);
            return true;
        };

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("Stopped before job a1b2 had ended", run.Error, StringComparison.Ordinal);
        Assert.Contains("The service stopped by itself", run.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithUnknownModel_NamesTheSettingsAndLeavesNoFolder()
    {
        _service.Intercept = async call =>
        {
            if (call.Request.Method != "POST")
            {
                return false;
            }

            await StandInService.WriteProblemAsync(call, new Problem { Type = "/problems/unknown-model", Title = "There is no such model", Status = 400 });
            return true;
        };

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("error: There is no such model Settings file: /app/local.settings.sample.json.", run.ErrorLines[^1]);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public async Task Run_OfRefusedInput_KeepsTheResultsOfTheEarlierJob()
    {
        Directory.CreateDirectory(_folder["out"]);
        _folder.File("out/output.jsonl", "earlier");
        _service.Intercept = async call =>
        {
            if (call.Request.Method != "POST")
            {
                return false;
            }

            await StandInService.WriteProblemAsync(call, new Problem { Type = "/problems/bad-input", Title = "The input is not valid", Status = 400 });
            return true;
        };

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("earlier", await File.ReadAllTextAsync(_folder["out/output.jsonl"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Run_WithOutThatIsAFile_IsRefusedBeforeTheServiceStarts()
    {
        _folder.File("out", "");

        var run = await RunAsync();

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("cannot be used for the results", run.Error, StringComparison.Ordinal);
        Assert.Null(_starter.Options);
    }

    [Fact]
    public async Task Run_AtATerminal_ShowsABarOnStandardErrorOnly()
    {
        _service.Statuses.Enqueue(Jobs.Running(60, 3));
        End(Jobs.Ended(97, 3), TwoResults);

        var run = await RunAsync(new CancellationToken(false), errorIsTerminal: true);

        Assert.Contains("100/100", run.Error, StringComparison.Ordinal);
        Assert.Contains("3 failed", run.Error, StringComparison.Ordinal);
        Assert.Contains("━", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("━", run.Output, StringComparison.Ordinal);
    }

    private void End(Job job, string results = "", string errors = "")
    {
        _service.Statuses.Enqueue(job);
        _service.Results = results;
        _service.Errors = errors;
    }

    private Task<CliRun> RunAsync(params string[] options) => RunAsync(CancellationToken.None, false, options);

    private Task<CliRun> RunAsync(CancellationToken interrupt, bool errorIsTerminal = false, params string[] options) =>
        CliRun.ExecuteAsync(
            ["run", _folder.File("items.jsonl", """{"input":1}"""), "--model", "m", "--out", _folder["out"], .. options],
            new CliSetup { Time = _time, Starter = _starter, Interrupt = interrupt, ErrorIsTerminal = errorIsTerminal });
}
