using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class ControlCommandTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Theory]
    [InlineData("cancel", "is being canceled")]
    [InlineData("pause", "is paused")]
    [InlineData("resume", "goes on")]
    public async Task Control_OfRunningJob_TellsIt(string command, string answer)
    {
        var run = await CliRun.AgainstAsync(_service, _time, command, Jobs.Id);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([$"POST /api/jobs/{Jobs.Id}/{command}"], _service.Calls);
        Assert.StartsWith($"Job {Jobs.Id} {answer}", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_OfEndedJob_SaysThatItHasEnded()
    {
        _service.Told = (200, Jobs.Ended());

        var run = await CliRun.AgainstAsync(_service, _time, "cancel", Jobs.Id);

        Assert.Equal((0, $"Job {Jobs.Id} has ended: Succeeded.\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Pause_WithJson_PrintsTheJob()
    {
        _service.Told = (202, Jobs.Running(3) with { Status = JobStatus.Paused });

        var run = await CliRun.AgainstAsync(_service, _time, "pause", Jobs.Id, "--json");

        Assert.Equal(_service.Told.Job, JsonSerializer.Deserialize(Assert.Single(run.OutputLines), ContractsJson.Wire.Job));
    }

    [Fact]
    public async Task Pause_Refused_Exit2AndSaysWhy()
    {
        _service.Intercept = async call =>
        {
            await StandInService.WriteProblemAsync(
                call, new Problem { Type = "/problems/job-ended", Title = "The job has ended", Status = 409, Detail = "There is nothing to pause." });
            return true;
        };

        var run = await CliRun.AgainstAsync(_service, _time, "pause", Jobs.Id);

        Assert.Equal((2, "error: The job has ended: There is nothing to pause.\n"), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData(204, "is deleted.")]
    [InlineData(202, "is being deleted; the service goes on with it by itself.")]
    public async Task Purge_WithYes_DeletesTheJob(int status, string answer)
    {
        _service.Deleted = status;

        var run = await CliRun.AgainstAsync(_service, _time, "purge", Jobs.Id, "--yes");

        Assert.Equal((0, $"Job {Jobs.Id} {answer}\n"), (run.ExitCode, run.Output));
        Assert.Equal([$"DELETE /api/jobs/{Jobs.Id}"], _service.Calls);
    }

    [Fact]
    public async Task Purge_WithoutYes_AsksNothingOfTheService()
    {
        var run = await CliRun.AgainstAsync(_service, _time, "purge", Jobs.Id);

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(_service.Calls);
    }
}
