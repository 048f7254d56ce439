using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Tests.Process.Runners;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Purge;

public sealed class DeleteJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly string PurgeId = PurgeOrchestrator.InstanceId(Job);

    private readonly TimerLog _time = new();

    private StatusBench Status => field ??= new StatusBench(Bench);

    private FakeDurableClient Durable => Status.Durable;

    [Fact]
    public async Task Run_EndedJob_AnswersOnceItIsGone()
    {
        Status.HasEnded();

        var answer = DeleteAsync();
        await _time.NextTimerAsync();
        var early = answer.IsCompleted;
        await Durable.PurgeInstanceAsync(Job, Token);
        Complete(OrchestrationRuntimeStatus.Completed);

        Assert.Equal((204, ""), await answer);
        Assert.Equal((false, PurgeId), (early, Assert.Single(Durable.Started)));
        Assert.Empty(Durable.Ids);
    }

    [Fact]
    public async Task Run_TakesLong_AnswersThatItGoesOn()
    {
        Status.HasEnded();

        var answer = DeleteAsync();
        await _time.NextTimerAsync();
        _time.Advance(DeleteJob.MaxWait);

        Assert.Equal(202, (await answer).Status);
    }

    [Fact]
    public async Task Run_AgainWhileItGoesOn_StartsNoSecondPurge()
    {
        Status.HasEnded();
        Durable.Set(PurgeId, OrchestrationRuntimeStatus.Running);

        var answer = DeleteAsync();
        await _time.NextTimerAsync();
        await Durable.PurgeInstanceAsync(Job, Token);
        Complete(OrchestrationRuntimeStatus.Completed);

        Assert.Equal(204, (await answer).Status);
        Assert.Empty(Durable.Started);
    }

    [Fact]
    public async Task Run_PurgeFails_SaysSo()
    {
        Status.HasEnded();

        var answer = DeleteAsync();
        await _time.NextTimerAsync();
        Complete(OrchestrationRuntimeStatus.Failed);

        Assert.Equal((500, "/problems/job-not-deleted"), await answer);
    }

    [Fact]
    public async Task Run_JobRuns_IsRefused()
    {
        Status.IsRunning();

        Assert.Equal((409, "/problems/job-running"), await DeleteAsync());
        Assert.Empty(Durable.Started);
    }

    [Fact]
    public async Task Run_NoSuchJob_IsRefused() => Assert.Equal((404, "/problems/unknown-job"), await DeleteAsync());

    private void Complete(OrchestrationRuntimeStatus status)
    {
        Durable.Set(PurgeId, status);
        Durable.Completion.SetResult(new OrchestrationMetadata(nameof(PurgeOrchestrator), PurgeId) { RuntimeStatus = status });
    }

    private Task<(int Status, string Body)> DeleteAsync() =>
        StatusBench.AnswerAsync(request => new DeleteJob(Status.Jobs, _time).Run(request, Job, Durable, Token));
}
