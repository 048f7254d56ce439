using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Tests.Process.Runners;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Status;

public sealed class GetJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private readonly TimerLog _time = new();

    private StatusBench Status => field ??= new StatusBench(Bench);

    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("respond-async, wait=10", 10)]
    [InlineData("wait=100000", 60)]
    public async Task Run_PreferWait_AnswersWhenTheWaitIsOver(string prefer, int seconds)
    {
        Status.IsRunning();
        var (request, _) = StatusBench.Request();
        request.Headers["Prefer"] = prefer;

        var answer = new GetJob(Status.Jobs, _time).Run(request, Job, Status.Durable, Token);
        var wait = await _time.NextTimerAsync();
        var early = answer.IsCompleted;
        _time.Advance(wait);
        await answer.BoundedAsync();

        Assert.Equal((TimeSpan.FromSeconds(seconds), false), (wait, early));
        Assert.Equal("1", request.HttpContext.Response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Run_JobEndsDuringTheWait_AnswersWithItsEnd()
    {
        Status.IsRunning();
        var (request, body) = StatusBench.Request();
        request.Headers["Prefer"] = "wait=10";

        var answer = new GetJob(Status.Jobs, _time).Run(request, Job, Status.Durable, Token);
        await _time.NextTimerAsync();
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 100, failed: 0), StatusBench.Planned);
        Status.Durable.Completion.SetResult((await Status.Durable.GetInstanceAsync(Job, Token))!);
        await (await answer.BoundedAsync()).ExecuteAsync(request.HttpContext);

        var job = JsonSerializer.Deserialize(StatusBench.Text(body), ContractsJson.Wire.Job)!;
        Assert.Equal((JobStatus.Succeeded, 100.0), (job.Status, job.Percent));
        Assert.Equal(0, request.HttpContext.Response.Headers.RetryAfter.Count);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wait=soon")]
    [InlineData("respond-async")]
    public async Task Run_NoWait_AnswersAtOnce(string? prefer)
    {
        Status.IsRunning();
        var (request, _) = StatusBench.Request();
        request.Headers["Prefer"] = prefer;

        await new GetJob(Status.Jobs, _time).Run(request, Job, Status.Durable, Token).BoundedAsync();

        Assert.Equal(0, _time.Pending);
    }
}
