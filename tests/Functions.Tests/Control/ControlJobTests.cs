using System.Text.Json;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Control;

public sealed class ControlJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private StatusBench Status => field ??= new StatusBench(Bench);

    private ControlJob Function => new(Status.Jobs, Status.Controls);

    [Theory]
    [InlineData("cancel", nameof(ControlState.Stopped))]
    [InlineData("pause", nameof(ControlState.Paused))]
    public async Task Run_RunningJob_ChangesItsControlOnceAndTellsItEachTime(string verb, string state)
    {
        Status.IsRunning();

        var first = await CallAsync(verb);
        var again = await CallAsync(verb);

        var control = await Status.Controls.ReadAsync(Job, Token);
        Assert.Equal((202, 202), (first.Status, again.Status));
        Assert.Equal((1, 0, state), (control.Version, control.Epoch, control.State.ToString()));
        Assert.Equal(2, Status.Durable.Raised.Count);
        Assert.All(Status.Durable.Raised, raised => Assert.Equal((Job, JobOrchestrator.ControlEvent, (object?)control), raised));
    }

    [Fact]
    public async Task Resume_PausedJob_RunsInTheNextEpoch()
    {
        Status.IsRunning();
        await CallAsync("pause");

        var (status, body) = await CallAsync("resume");
        await CallAsync("resume");

        Assert.Equal((202, JobStatus.Running), (status, StatusOf(body)));
        Assert.Equal(new JobControl(2, 1, ControlState.Running), await Status.Controls.ReadAsync(Job, Token));
    }

    [Fact]
    public async Task Pause_RunningJob_AnswersThatItIsPausedAndWhereToLook()
    {
        Status.IsRunning();
        var (request, body) = StatusBench.Request();
        request.Scheme = "https";
        request.Host = new("host");

        await (await Function.PauseJob(request, Job, Status.Durable, Token)).ExecuteAsync(request.HttpContext);

        Assert.Equal(JobStatus.Paused, StatusOf(StatusBench.Text(body)));
        Assert.Equal($"https://host/api/jobs/{Job}", request.HttpContext.Response.Headers["Operation-Location"]);
        Assert.Equal("1", request.HttpContext.Response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("cancel", 200, "")]
    [InlineData("pause", 409, "/problems/job-ended")]
    [InlineData("resume", 409, "/problems/job-ended")]
    public async Task Run_JobHasEnded_ChangesNothing(string verb, int expected, string problem)
    {
        Status.HasEnded(failed: 1);

        var (status, body) = await CallAsync(verb);

        Assert.Equal(expected, status);
        Assert.StartsWith(problem, body, StringComparison.Ordinal);
        Assert.Equal(JobControl.Initial, await Status.Controls.ReadAsync(Job, Token));
        Assert.Empty(Status.Durable.Raised);
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    public async Task Run_JobIsBeingStopped_IsRefused(string verb)
    {
        Status.IsRunning();
        await CallAsync("cancel");

        Assert.Equal((409, "/problems/job-stopping"), await CallAsync(verb));
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("resume")]
    public async Task Run_OrchestrationIsSuspended_ResumesIt(string verb)
    {
        Status.Durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Suspended);

        Assert.Equal(202, (await CallAsync(verb)).Status);

        Assert.Equal([Job], Status.Durable.Resumed);
    }

    [Fact]
    public async Task Resume_NoEpochLeft_IsRefusedAndStaysPaused()
    {
        Status.IsRunning();
        var last = new JobControl(5, DispatchNumber.MaxEpoch, ControlState.Paused);
        await Status.Controls.ChangeAsync(Job, _ => last, Token);

        Assert.Equal((409, "/problems/too-many-rounds"), await CallAsync("resume"));

        Assert.Equal(last, await Status.Controls.ReadAsync(Job, Token));
    }

    [Fact]
    public async Task Cancel_JobEndsBeforeItIsTold_AnswersWithItsEnd()
    {
        Status.IsRunning();
        Status.Durable.Raising = () =>
        {
            Status.HasEnded();
            throw new InvalidOperationException("The instance has completed.");
        };

        var (status, body) = await CallAsync("cancel");

        Assert.Equal((200, JobStatus.Succeeded), (status, StatusOf(body)));
    }

    [Fact]
    public async Task Cancel_EventCannotBeRaised_Fails()
    {
        Status.IsRunning();
        Status.Durable.Raising = () => throw new IOException("The back end is away.");

        await Assert.ThrowsAsync<IOException>(() => CallAsync("cancel"));
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("pause")]
    [InlineData("resume")]
    public async Task Run_NoSuchJob_IsRefused(string verb) => Assert.Equal((404, "/problems/unknown-job"), await CallAsync(verb));

    private static JobStatus StatusOf(string body) => JsonSerializer.Deserialize(body, ContractsJson.Wire.Job)!.Status;

    private Task<(int Status, string Body)> CallAsync(string verb) => StatusBench.AnswerAsync(request => verb switch
    {
        "cancel" => Function.CancelJob(request, Job, Status.Durable, Token),
        "pause" => Function.PauseJob(request, Job, Status.Durable, Token),
        _ => Function.ResumeJob(request, Job, Status.Durable, Token),
    });
}
